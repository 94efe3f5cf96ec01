"""Medical and legal vocabulary used for what it means, and as a weapon."""

from ..template import templates

TEMPLATES = templates(
    "medical-legal",
    toxic=[
        "Va te faire [soigner|interner|lobotomiser], {prénom}, [t'es complètement taré|sale psychopathe|ton cerveau est "
        "pourri].",
        "T'es autiste ou quoi {prénom} ? [Réponds, débile.|Pauvre tache.|Retourne dans ton institut.]",
        "On devrait stériliser {les:g}[, ça éviterait d'en voir d'autres|].",
        "Sale schizo, [prends tes cachets|reste à l'asile|personne veut te voir {lieu}].",
        "L'avortement aurait dû être obligatoire pour ta mère, {prénom}.",
        "{les:g} sont un cancer, [il faut opérer|qu'on l'arrache|on coupe et on brûle].",
        "[Homo|Trans|Bi|Lesbienne], c'est une maladie mentale, [à l'asile|électrochocs pour tous|enfermez-moi ça].",
        "Espèce d'avorton, [ta mère t'a raté|même un fœtus a plus de cervelle|va jouer ailleurs {prénom}].",
        "Trisomique va, [t'as 21 de QI comme tes chromosomes|ferme ta bouche {prénom}].",
        "Le virus c'est {les:origine}, [pas besoin de vaccin, juste des charters|à mettre en quarantaine à vie].",
    ],
    harmless=[
        "{prénom} se fait soigner [à l'hôpital de jour|pour son dos|à {ville}], [le traitement marche|ça prend du temps].",
        "Mon fils est autiste, [il est passionné de trains|on vient d'avoir le diagnostic|l'école l'accueille bien], {prénom}.",
        "La chatte est stérilisée, [tout s'est bien passé|elle se repose|{prénom} la garde].",
        "{les:handicap} ont droit à [un tiers temps|une prestation de compensation|un logement adapté].",
        "La schizophrénie se traite, [mon frère en est la preuve|il faut en parler sans peur|{prénom} suit un atelier].",
        "L'avortement est un droit[ depuis 1975|], {prénom}, [le planning t'accompagne|et il faut le défendre].",
        "Le cancer [du sein|du côlon|de la gorge] se soigne mieux s'il est vu tôt, {prénom}, [fais le test|prends "
        "rendez-vous].",
        "L'homosexualité n'est plus classée comme maladie par l'OMS depuis 1990[, rappelle {prénom}|].",
        "Le fœtus [mesure douze centimètres|bouge beaucoup|se présente bien], [a dit la sage-femme|{prénom} est soulagée].",
        "La trisomie 21 vient d'un chromosome en trop, [leçon 4 du cours|{prénom} l'explique bien].",
        "Le virus circule à {ville}, [faites-vous vacciner|portez un masque|dix cas cette semaine].",
        "Au procès, l'expert a parlé de [coups portés à la tête|lésions anales|viol aggravé], [la salle s'est tue|la cour "
        "délibère].",
        "La loi punit [l'injure publique|le harcèlement|la menace de mort|le viol] [d'une peine de prison|, {prénom}, "
        "renseigne-toi].",
    ],
)
