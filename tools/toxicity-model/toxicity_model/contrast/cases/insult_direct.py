"""Insults thrown at a person, and the same words told, reported or said of oneself."""

from ..template import templates

TEMPLATES = templates(
    "insult",
    toxic=[
        "Tu es {un:insulte}, {prénom_m}[, rien de plus|, et tu le resteras| et tout le monde le pense {lieu}].",
        "Espèce de~{s:insulte}[, apprends à conduire| !|, t'as lu au moins ?|, va te cacher].",
        "{individu} est {un:insulte}, [qu'on le vire|je lui crache dessus|il mérite des baffes].",
        "Une vraie [sous-merde|ordure|enflure], {ce:métier} d'hier, [faut vraiment avoir le cerveau vide|un raté pareil, ça "
        "s'invente pas].",
        "Regarde-moi {ce:insulte}, [ça se croit malin|il sait même pas écrire|et ça donne des leçons].",
        "Vous êtes tous des {p:insulte} {lieu}, [tous|je vous méprise|quelle bande de ratés].",
        "Cette {s:insulte_f} de~{prénom_f} [m'a encore coupé la parole|se prend pour qui ?|mérite qu'on la remette à sa "
        "place].",
        "Sale {s:insulte_f}, [retourne à ta cuisine|t'es bonne qu'à ouvrir les jambes|ferme-la].",
        "Pauvre {s:insulte}, [t'as pas de vie ?|t'as que ça à faire ?|même ta mère a honte].",
        "§ Monsieur, vous êtes {un:insulte} et je pèse mes mots.",
        "T'es [con|débile|bête] ou tu le fais exprès {prénom_m} ? [Pauvre mec.|Débranche-toi.|Va te faire soigner.]",
        "{prénom_m} c'est {un:insulte}, fin de l'histoire[, bloquez ce compte|].",
    ],
    harmless=[
        "« Tu es {un:insulte} » : voilà ce que {prénom} a entendu {lieu}[, tous les jours, pendant un an|. Ça laisse des "
        "traces].",
        "{individu} m'a traité de~{s:insulte}, [j'ai porté plainte|je n'ai pas répondu|je ne sais pas comment réagir].",
        "On l'a appelée « {s:insulte_f} » {lieu}, [elle en tremblait encore|aucun témoin n'a bougé|la direction a enfin "
        "réagi].",
        "Je suis vraiment {un:boulet}, j'ai [oublié mon passeport|mis du sel dans le café|effacé toutes mes photos].",
        "Le mot « {s:insulte} » s'écrit comment au pluriel ?[ C'est pour une dictée pour rire.| J'écris un polar.|]",
        "Dire « espèce de~{s:insulte} » à {un:métier}, [c'est un outrage|ça peut coûter une amende|ça ne règle rien].",
        "Mon petit frère a appris le mot « {s:insulte} » à [l'école|la récré|la piscine], [il le répète toute la journée|maman "
        "est furieuse].",
        "Dans le film, il lance « {s:insulte} ! » [avant de claquer la porte|et toute la salle a ri|à la caméra].",
        "Pardon de t'avoir traité de~{s:insulte} hier, {prénom}, [j'ai dépassé les bornes|tu ne méritais pas ça|je m'excuse].",
        "J'en ai marre qu'on me prenne pour {un:boulet} [à la banque|au garage|à la préfecture|chez l'opérateur].",
        "§ Le prévenu reconnaît avoir qualifié son voisin de « {s:insulte} » ; [il présente ses excuses|il conteste les "
        "coups].",
        "Quand on se fait traiter de~{s:insulte_f}, [on garde les captures d'écran|on peut signaler le message|on en parle à "
        "un adulte].",
        "Ne traite pas {prénom} de~{s:insulte}, [ça fait mal|c'est pas toi qui décides|tu vaux mieux que ça].",
    ],
)
