"""Vermin, rats and parasites: people called so, and the animals themselves."""

from ..template import templates

TEMPLATES = templates(
    "dehumanise",
    toxic=[
        "{les:g} sont des {p:nuisible}[, ni plus ni moins|, il faut nettoyer tout ça|].",
        "[Quelle vermine|Quelle sale engeance|Quelle plaie] {ces:g}[, ça pullule {lieu}|, ça se reproduit à toute vitesse|].",
        "{des:g} {lieu}, c'est comme des {p:insecte} dans une cuisine : t'en vois un, y en a cent.",
        "J'appelle pas ça des êtres humains, {les:g}. [Des bêtes, oui.|Des animaux.|Même les chiens valent mieux.]",
        "{les:venus} envahissent {endroit} comme des {p:insecte}, il est temps de désinfecter.",
        "{un:nuisible} de moins, voilà ce que je pense quand {un:g} meurt.",
        "On n'élève pas {un:g}, on le dresse.",
        "Tu es {un:nuisible}[, et tout le monde le sait| nuisible, disparais|, voilà ce que tu es].",
        "Regardez-les grouiller, {ces:g}... [bons pour l'insecticide|on dirait {des:insecte}|de la vermine].",
        "{les:origine} ? Des sous-hommes, [la nature l'a voulu ainsi|rien d'autre|ne me parlez pas d'égalité].",
        "Les {p:corps} sont des erreurs de la nature, [on n'aurait jamais dû les laisser naître|point|il faut le dire].",
        "§ {les:g} constituent une gangrène qu'il convient d'extirper du corps social.",
    ],
    harmless=[
        "{les:g} ne sont pas des {p:nuisible}[, ce sont nos voisins|, point|, un peu de respect|].",
        "Quelle plaie {ces:insecte}[, ça pullule dans la cave|, ça se reproduit à toute vitesse|], j'ai appelé l'entreprise de "
        "désinfection.",
        "Il y a des {p:insecte} dans [la cuisine|ma cave|le local à poubelles|le grenier] : t'en vois un, y en a cent.",
        "{les:g} sont des êtres humains[, pas des bêtes|, faut-il vraiment le rappeler ?|, comme vous et moi].",
        "Les {p:insecte} envahissent [l'immeuble|le camping|l'école|la ferme] depuis l'été, il est temps de désinfecter.",
        "Comparer {des:g} à {des:insecte}, c'est [le langage des génocidaires|abject|oublier l'histoire].",
        "Un chien, on ne le frappe pas, on le dresse [avec des friandises|avec patience|dès trois mois].",
        "Le vétérinaire a trouvé {un:insecte} [sur le chat|dans le panier du chien|sous la litière], [rien de grave|traitement "
        "en cours].",
        "Traiter {les:g} de~{p:nuisible}, [c'est déjà préparer la violence|ça suffit|ce maire devrait démissionner pour ça].",
        "La gangrène a gagné [l'orteil|le pied|la jambe], le chirurgien [opère demain|hésite encore|doit amputer].",
        "Les {p:insecte} sont [{fascinants|fascinantes}|plus utiles qu'on ne croit|{mal aimés|mal aimées}], j'en ai fait le "
        "sujet de mon exposé[ de biologie|].",
        "§ La propagande de l'époque représentait {les:venus} en {p:insecte} afin de préparer les esprits au pire.",
    ],
)
