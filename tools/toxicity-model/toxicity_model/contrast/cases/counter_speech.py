"""Quoting abuse in order to reject it, denouncing it, advice against it - and abuse that poses as such."""

from ..template import templates

TEMPLATES = templates(
    "counter-speech",
    toxic=[
        "J'ai le droit de dire « sale {s:attribut} », [et je le dis|viens m'en empêcher|ça leur va bien].",
        "On ne peut plus dire « {p:slur} » ? [Eh ben je le dis : {p:slur}, tous.|Pourtant c'est ce qu'ils sont.]",
        "C'est pas du racisme de dire que {les:origine} sont {vice}, c'est un constat.",
        "[Je ne suis pas raciste mais {les:venus}|J'ai l'esprit ouvert mais {les:g}] sont vraiment {affreux}.",
        "Ils ont condamné un gars pour avoir traité un type de~{s:slur}. [Il avait pourtant raison.|Médaille pour lui.|Un "
        "héros.]",
        "Celui qui a [tagué|écrit] « mort {aux:g} » {lieu} a [tout mon soutien|bien fait|dit tout haut la vérité].",
        "Les défenseurs des {p:g} sont aussi {vice@+} qu'{eux}, [tous à la benne|qu'on les mette ensemble et qu'on ferme à "
        "clé].",
        "Respecter {les:g} ? [Plutôt crever.|On respecte pas la vermine.|Et puis quoi encore.]",
        "Signale-moi si tu veux, {prénom_m}, tu resteras {un:insulte}[ quand même| toute ta vie].",
        "Porte plainte, {s:insulte}, [j'en ai rien à foutre|je te retrouverai|ça changera pas ta sale gueule].",
        "Oui j'ai insulté {ce:métier}, [et je recommencerai|il le méritait, ce chien|qu'il crève].",
        "Pauvres petits choux, les {p:g}, on les a {traités|traitées} de~{p:slur}... [ouin ouin|bien fait|{ils@g} devraient "
        "avoir l'habitude].",
    ],
    harmless=[
        "Dire « sale {s:attribut} » [est inadmissible|n'est pas une opinion|tombe sous le coup de la loi][, même en privé|].",
        "On ne peut plus dire « {p:slur} » ? [Tant mieux.|Heureusement, c'est une injure.|Mon oncle ne s'en remet pas.]",
        "Si, c'est du racisme de dire que {les:origine} sont {vice}.",
        "« Je ne suis pas raciste mais {les:origine} sont {vice} » : [cette phrase me fatigue|le « mais » dit tout].",
        "Ils ont condamné un homme pour avoir traité un passant de~{s:slur}. [C'est mérité.|Enfin.|Six mois avec sursis.]",
        "Celui qui a [tagué|écrit] « mort {aux:g} » {lieu} [a été arrêté|devra répondre devant le juge|me fait honte].",
        "Arrêtez d'écrire que {les:g} sont des {p:nuisible}, [c'est ignoble|vous parlez d'êtres humains|je signale].",
        "Respecter {les:g}, c'est [le minimum|la base|pas compliqué pourtant].",
        "Bloque-le et signale, {prénom_f}, [ne réponds pas à ses insultes|garde des captures|tu n'es pas seule].",
        "Si quelqu'un te menace de te~{tuer}, [porte plainte tout de suite|garde les messages|préviens la police], {prénom}.",
        "Il a insulté {un:métier} {lieu}, [il regrette|il a dû s'excuser|il risque une amende].",
        "À ceux qui écrivent « retournez dans votre pays » {aux:origine} : [ce pays est aussi le leur|vous me faites honte].",
        "Quand un type a hurlé « sales {p:g} » dans le bus, [tout le monde s'est levé|le chauffeur a stoppé|j'ai filmé pour la "
        "plainte].",
        "§ L'association rappelle que l'injure envers {des:g} est passible d'un an d'emprisonnement.",
        "Tu te fais traiter de~{s:insulte} tous les jours ? [Parle-en à un proche.|Le 3018 est là pour t'aider.|Ce n'est pas "
        "ta faute.]",
    ],
)
