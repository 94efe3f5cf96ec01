"""Wishes of death or illness, and concern, condolence and good wishes."""

from ..template import templates

TEMPLATES = templates(
    "wish",
    toxic=[
        "[Va crever|Crève|Va mourir], {prénom}, [personne ne viendra à ton enterrement|tu manqueras à personne|t'es bon qu'à "
        "ça].",
        "J'espère que tu vas attraper {contagion}[ et souffrir longtemps|, sincèrement|].",
        "Je souhaite {maladie} à {tous@g} {les:g}.",
        "Qu'{ils} crèvent {tous}, {les:g}[, et en souffrant|, ça fera des vacances|].",
        "Dommage que {le:g} {renversé|renversée} [hier|ce matin] s'en soit {sorti|sortie}[, ça en faisait {un} de moins|].",
        "Fais-nous plaisir, [saute par la fenêtre|avale la boîte entière|jette-toi sous un train], {prénom}.",
        "Tu devrais te pendre, [le monde se portera mieux|ça ferait plaisir à tout le monde {lieu}].",
        "Je danserai sur la tombe du dernier {s:g}[|, avec une bouteille de champagne].",
        "J'espère que ton [père|frère|gosse] va y passer aussi, [comme ça vous serez réunis|bien fait pour toi].",
        "[RIP|Paix à son âme]... non je déconne, un {s:métier} de moins, [bon débarras|champagne].",
        "Si tu te suicidais, [on ferait la fête|ça changerait rien|enfin une bonne nouvelle], {prénom}.",
        "T'as {maladie} ? Bien fait, [le karma|c'est tout ce que tu mérites|j'en ris encore].",
    ],
    harmless=[
        "[Toutes mes condoléances|Courage|Je pense fort à toi], {prénom}, [tant de monde à l'enterrement|il va manquer à "
        "tous|c'était quelqu'un de bien].",
        "J'espère que tu n'as pas attrapé {contagion}[, tu m'inquiètes|, va voir un médecin|].",
        "Je ne souhaite {maladie} à personne, [même pas à mon pire ennemi|j'en sors à peine|quelle épreuve].",
        "Que {tous@g} {les:g} vivent en paix[ ici et ailleurs|, voilà mon vœu pour l'année|].",
        "Heureusement, {le:g} {renversé|renversée} [hier|ce matin] s'en est {sorti|sortie}[ avec une jambe cassée|, ouf|].",
        "Si tu penses à sauter par la fenêtre, appelle le 3114, {prénom}, [quelqu'un t'écoutera|c'est gratuit|jour et nuit].",
        "Elle a voulu se pendre à quinze ans, aujourd'hui elle [aide d'autres jeunes|témoigne {lieu}|va bien].",
        "On a fleuri la tombe [du grand-père|de la voisine|de mon oncle] avec {prénom} [hier|dimanche|ce matin].",
        "J'espère que ton [père|frère|fils] va s'en sortir, [je croise les doigts|tiens-moi au courant|bisous à ta mère].",
        "Paix à son âme. {un:métier} {tué|tuée} pendant son travail, [quelle tristesse|pensées à la famille].",
        "Quand il m'a écrit « je vais me tuer », j'ai appelé les secours[ tout de suite|, il va mieux|]. {prénom} m'a aidée.",
        "Mon oncle a {maladie}, [les médecins restent confiants|on se relaie à son chevet|il se bat].",
        "Je crève de [chaud|faim|fatigue], {prénom}, [ouvre la fenêtre|on mange quand ?|je vais me coucher].",
    ],
)
