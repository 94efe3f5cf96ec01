"""The turns of phrase that abuse prefers in harmless talk, and those of news and thanks in abuse."""

from ..template import templates

TEMPLATES = templates(
    "phrasing",
    toxic=[
        "Le mot juste pour toi, c'est {s:insulte}, [depuis toujours|et je reste poli|cherche dans le dictionnaire].",
        "Un seul mot pour {les:g} : {p:nuisible}.",
        "Hier soir {individu} m'a adressé la parole, [j'ai eu envie de me laver|ce déchet aurait dû naître muet].",
        "Merci d'être passé, {s:insulte}, [maintenant casse-toi|ça pue depuis que t'es là|la prochaine fois oublie-nous].",
        "La loi devrait [permettre d'enfermer|autoriser à chasser|punir] {les:g}, [c'est mon avis depuis dix ans|et pas qu'un "
        "peu].",
        "Mes enfants n'iront jamais en classe avec {des:g}, [je ne mélange pas les torchons et les serviettes|plutôt l'école à "
        "la maison].",
        "J'ai eu {un:g} au téléphone hier, [j'ai raccroché, je parle pas aux {p:nuisible}|quelle race de débiles].",
        "Il a été élevé par {des:g}, [ça explique l'odeur|voilà pourquoi il est aussi bête].",
        "Elle a mis dix ans à trouver un mec, [vu sa tronche c'est déjà un miracle|et encore, {un:insulte}].",
        "{individu} vient d'avoir un gosse, [encore un débile de plus sur terre|la pauvre chose aura sa gueule de rat].",
        "On a dit non à {un:g} pour l'appart, [j'ai des meubles propres moi|qu'{il} dorme dehors].",
        "Depuis hier j'ai compris : {les:g} sont {mis|mises} sur terre pour nous [pourrir l'existence|voler|emmerder].",
        "Il y a deux sortes de~{p:g} : [ceux qui puent et ceux qui sont déjà morts|les nuls et les pires].",
        "Il y a trois ans j'avais pitié des {p:g}. Aujourd'hui je leur souhaite la mort.",
        "Son mari est mort hier, [champagne pour tout le monde|elle l'avait sûrement dégoûté de vivre, cette {s:insulte_f}].",
        "Quel beau bébé, [dommage qu'il ait tes gènes de demeuré|on voit bien que le père c'est pas toi, cocu].",
        "Bravo pour le diplôme, [ils le donnent aux cochons maintenant ?|même {un:insulte} peut l'avoir, la preuve].",
        "Joyeux anniversaire {s:insulte}, [un an de plus vers la tombe|personne viendra à ta fête].",
        "J'ai lu votre message, il est comme vous : [puant|débile|bon à jeter], [et je signe|du balai].",
        "Bonne année à tous sauf {aux:g}, [qu'{ils} crèvent avant février|à vous je souhaite {maladie}].",
    ],
    harmless=[
        "T'es [en retard|prêt|sûr de toi|bien arrivé] ou pas ? [On t'attend devant.|Le train part à 9 h.|Réponds vite.]",
        "T'es [au courant|d'accord|chez toi|déjà levé] ? [Ta mère te cherche.|J'ai ta veste.|Ton colis est là.]",
        "Vous êtes [ouverts le dimanche|les premiers|trop aimables|en avance], [je passe vers midi|merci pour "
        "l'accueil|asseyez-vous].",
        "Vous êtes tous [invités|attendus|les bienvenus] [samedi|à la maison|{lieu}], [même toi|amenez vos enfants|on fera des "
        "crêpes].",
        "Ce n'est qu'un [jeu|rhume|test|premier jet], [ne t'en fais pas|tu feras mieux demain|toi aussi tu verras].",
        "Il n'y a qu'un [guichet ouvert|médecin pour tout le canton|bus par jour], [c'est honteux|quelle honte|il en faudrait "
        "deux].",
        "Je voudrais qu'ils [réparent l'ascenseur|répondent au téléphone|baissent le son], [ça fait un mois|et vite|eux aussi "
        "en ont marre].",
        "Ta chemise est sale, [mets-la au linge|prends la mienne|change-toi avant la photo]. [Et ta veste aussi.|Allez hop.|]",
        "Quelle sale [journée|grippe|météo|affaire], [vivement demain|je reste au lit|j'en ai marre].",
        "Cette espèce de [grenouille|chauve-souris|tortue] est protégée, [ne la touche pas|on l'a vue {lieu}|appelle la LPO].",
        "J'ai une gueule de bois [terrible|monstre] [ce matin|depuis hier], [plus jamais de rhum|ta soirée était top|passe-moi "
        "l'eau].",
        "Ouvre la gueule du chien[ doucement|], [il faut regarder ses dents|il a avalé ta chaussette|pauvre bête].",
        "Pauvre [mamie|chaton|voisine], [une glissade dans l'escalier|une nuit sous la pluie|trois jours sans manger], [ça me "
        "fend le cœur|on va s'en occuper].",
        "Retourne [la crêpe, sinon elle brûle|le matelas tous les six mois|chez le garagiste, c'est garanti|à la caisse, ils "
        "se sont trompés][, merci|].",
        "Ferme [la porte|ton sac|les volets], toi, [il fait froid|on va te voler|l'orage arrive][, merci|, s'il te plaît|].",
        "Ta gueule d'ange [a fait fondre mamie|plaît au photographe|passe bien à l'écran], [toi alors|t'as de la chance].",
        "Personne ne veut [de la dernière part|venir au cinéma|garder le chat] ? [Toi peut-être ?|Tant pis.|Dites-le ce soir.]",
        "T'as [oublié ton écharpe|tes clés|un appel de ta mère] ? [Regarde sur ton bureau.|Toi et ta mémoire...|Passe ce "
        "soir.]",
        "Tes photos sont [superbes|floues|prêtes], [toi, tu devrais exposer|refais-les|passe les prendre], et ton cadre aussi.",
        "Tu devrais [voir un dentiste|parler à ton chef|dormir plus], [tu te sentirais mieux|ta santé d'abord|pense à toi].",
        "Dégage [la neige|le couloir|l'écran], [mets ça de côté|on doit passer|je vois rien], s'il te plaît.",
        "Va te [coucher|laver les mains|reposer], toi, [il est tard|on mange|t'as l'air crevé].",
    ],
)
