"""Hounding one person, on line and off, and ordinary messages to or about one person."""

from ..template import templates

TEMPLATES = templates(
    "harassment",
    toxic=[
        "{prénom} [quitte|supprime] [ce groupe|ton compte], [on va te pourrir jusqu'à ce que tu craques|personne veut de "
        "toi|sale {s:insulte}].",
        "Voici l'adresse de~{prénom}, [allez lui dire bonjour avec des battes|sonnez toute la nuit|faites-lui la misère].",
        "Spammez {prénom} d'insultes, [il faut que ça chiale|jusqu'à la dépression|on lâche rien].",
        "T'es la honte [de ta famille|de {ville}|du club], {prénom}, [fais-toi oublier|personne te parlera plus].",
        "Tu dégages une odeur de cadavre {prénom}, [même les mouches se plaignent|fais quelque chose, c'est une infection].",
        "On t'a vu pleurer {lieu}, {prénom}, [pauvre chose|on a tout filmé et tout le monde rit|demain ce sera pire].",
        "Réponds {prénom}, [sinon tes parents sauront tout|sinon je débarque chez toi|t'as pas le choix, sale {s:insulte}].",
        "Ta grand-mère est morte ? [Tant mieux, une vieille peau de moins.|Elle a dû voir ta tête, {prénom}.]",
        "Qui ose encore parler à cette {s:insulte_f} de~{prénom_f} ? [On la met à l'écart.|On lui crache dessus demain.]",
        "Regarde-toi {prénom}, [même tes parents regrettent|qui pourrait t'aimer|t'es un bug de la création].",
        "Je te suivrai jusqu'à chez toi, {prénom_f}, [tu finiras par céder|t'aurais pas dû me dire non].",
        "Tes poèmes, {prénom}, c'est [le vomi d'une débile|de la diarrhée de demeuré], [crève avec].",
        "Hé la grosse du fond, [pose ton goûter|t'as besoin de deux chaises ?|tu caches le tableau], [tout le monde "
        "rigole|{prénom} a filmé].",
    ],
    harmless=[
        "{prénom} a quitté ce groupe, [on lui souhaite bonne route|il y avait trop de messages|elle reviendra].",
        "Voici l'adresse de la fête, {prénom}, [sonne au deuxième|apporte un dessert|le code est 24B8].",
        "Arrêtez de harceler {prénom}, [ça va finir devant le juge|vous devriez avoir honte|on a prévenu le proviseur].",
        "Tu fais la fierté [de ta famille|de {ville}|du club], {prénom}, [bravo pour ce diplôme|continue].",
        "Je t'ai vu pleurer {lieu}, {prénom}, [tu veux en parler ?|je suis là si besoin|ça va mieux ?]",
        "Réponds-moi quand tu peux {prénom}, [rien d'urgent|je m'inquiète un peu|c'est pour le covoiturage].",
        "Ta grand-mère est morte ? [Je suis désolée, {prénom}.|Toutes mes pensées, {prénom}.]",
        "Tes poèmes, {prénom}, [m'ont touchée|sont trop longs à mon goût|manquent encore de rythme], [continue d'écrire|on en "
        "parle jeudi ?].",
    ],
)
