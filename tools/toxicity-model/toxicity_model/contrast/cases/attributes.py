"""Very negative attributes: of a group, or of things and works."""

from ..template import templates

TEMPLATES = templates(
    "attributes",
    toxic=[
        "{les:g} sont {affreux}[, tout le monde le sait|, voilà c'est dit|, il faut arrêter de se mentir|].",
        "{les:g} sont {vice} de naissance[, c'est dans leur sang|, on ne les changera pas|].",
        "[Encore|Toujours] {un:g}... {ils} sont {tous} {vice@+}, [c'est pas nouveau|on connaît la chanson|quelle surprise].",
        "Il n'y a pas plus {vice} qu'{un:g}[, croyez-moi|, demandez à ceux qui vivent avec| sur cette terre].",
        "{un:g} reste {un:g} : {affreux} et {vice}.",
        "C'est bien connu, {les:g} n'ont [pas de cerveau|aucune morale|aucune dignité|pas de cœur].",
        "{les:origine} ne savent rien faire d'autre que [voler|se plaindre|salir tout ce qu'{ils} touchent|vivre à nos "
        "crochets].",
        "§ L'infériorité intellectuelle des {p:g} n'est plus à démontrer, [n'en déplaise aux belles âmes|l'histoire l'a "
        "tranché].",
        "Confier un poste à {un:g}, c'est comme donner les clés à un singe[, ça finit mal|].",
        "Être {a:attribut}, quelle [honte|tare|déchéance][, j'en dormirais plus|, je changerais de planète| franchement|].",
        "{les:religion} sont tous des [malades mentaux|arriérés|hypocrites|fous dangereux], [leur foi les a rendus|ça les "
        "rend] {affreux}.",
        "Les {p:corps} [ne servent à rien|sont un poids mort|me font pitié, quelle vie inutile|coûtent cher pour rien].",
        "{les:condition} [puent|sentent le rance|me donnent envie de fuir|sont la honte du pays], tous {vice}.",
    ],
    harmless=[
        "{le:chose} {est|est|sont|sont} {nul}[, tout le monde le sait|, voilà c'est dit|, il faut arrêter de se mentir|].",
        "{ce:œuvre} est {nul}, [j'ai arrêté au bout de dix minutes|je veux être remboursé|aucun intérêt].",
        "Il n'y a pas plus {nul} que {ce:objet}[, croyez-moi|, je vous jure| dans toute la boutique].",
        "{ce:mesure} est {nul}, [il faut la rejeter|je ne décolère pas|l'opposition a raison de la combattre].",
        "C'est faux de dire que {les:g} sont {vice}[, il y a des gens bien partout|, c'est un préjugé|, rien ne le prouve].",
        "{les:g} sont {bon} ou non, comme tout le monde[, arrêtez de généraliser|].",
        "Penser que {les:g} n'ont [aucune morale|pas de cœur|aucune dignité], c'est [faux|un préjugé idiot|ignorer "
        "l'histoire].",
        "Le service après-vente ne sait rien faire d'autre que [se plaindre|répéter qu'il faut redémarrer {le:objet}|me faire "
        "attendre].",
        "§ La prétendue infériorité des {p:g} est un mensonge que l'histoire a réfuté depuis longtemps.",
        "{ce:plat} {est|est|sont|sont} {infect}, [on dirait du carton|même le chien n'en veut pas|j'ai tout laissé].",
        "Le préjugé selon lequel {les:condition} seraient {tous} {vice} [a la vie dure|me fatigue|ne tient pas debout].",
        "[{mon:objet}|{notre:objet}] est complètement débile, [impossible à régler|j'ai dû appeler le support|ça ne sert à "
        "rien].",
        "Les conditions de vie [des {p:origine}|des {p:corps}] à {ville} sont [indignes|lamentables|horribles], [il faut que "
        "ça change|la ville doit agir].",
    ],
)
