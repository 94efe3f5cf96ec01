"""What is said later about a group named before: `les`, `eux`, `cette engeance`."""

from ..template import templates

TEMPLATES = templates(
    "reference",
    toxic=[
        "{les:g} ont leur propre quartier. On devrait les {tuer}.",
        "{les:g} manifestent {lieu}. [Qu'on leur roule dessus.|Sortez les chiens.|Une balle chacun.]",
        "J'ai vu {des:g} {lieu}. [J'ai failli vomir.|Ça m'a gâché la journée, ces cafards.|On aurait dû les jeter dehors.]",
        "{les:g} veulent les mêmes droits ? [Qu'on les renvoie dans leur trou.|Ces sous-êtres me font rire.|Plutôt les "
        "enfermer.]",
        "Ma voisine loue à {des:g}. [J'espère que la maison va brûler avec {eux} dedans.|Je vais leur pourrir la vie.|Ces "
        "déchets ne resteront pas.]",
        "On a {un:g} dans l'équipe et ça pue à trois mètres, [que ça retourne d'où ça vient|qu'on m'en débarrasse].",
        "{les:g} ont une association à {ville}, [nid de parasites|qu'on la ferme, et {eux} avec|un ramassis de dégénérés].",
        "La fille du maire est avec {un:g}. [Elle se salit.|Quelle honte pour la famille.|Je la renierais, moi.]",
        "Je les vois tous les matins, {les:g} du quartier. [Ça grouille, ça crie, ça pue.|Rien que de la racaille.|Vivement "
        "qu'on les vire.]",
        "{les:g} ? Faites-en du savon.",
    ],
    harmless=[
        "{les:g} ont leur propre quartier. [On y mange très bien.|{ils} y ont ouvert un musée.|J'y vais souvent.]",
        "{les:g} manifestent {lieu}. [Je les soutiens.|La police bloque la rue.|{ils} demandent l'égalité.]",
        "J'ai vu {des:g} {lieu}. [On a discuté un moment.|On m'a offert un thé.|Tout le monde rigolait.]",
        "{les:g} veulent les mêmes droits ? [C'est la moindre des choses.|Eh bien moi aussi je le veux.|Je signe.]",
        "Ma voisine loue à {des:g}. [Aucun souci depuis dix ans.|On s'entend très bien.|{ils} m'ont aidée à déménager.]",
        "On a {un:g} dans l'équipe et on a gagné tous nos matchs[, un vrai moteur|].",
        "{les:g} ont une association à {ville}, [ouverte à tous|qui donne des cours du soir|elle fête ses vingt ans].",
        "La fille du maire est avec {un:g}. [Ils se marient en mai.|Et alors ? Ça les regarde.]",
        "{les:g} du quartier trient leurs ordures. [On devrait les recycler davantage.|La mairie les enlève le lundi.]",
        "{les:g} de l'atelier ont fait du savon[ au miel|, on le vend au marché|]. Il sent bon.",
    ],
)
