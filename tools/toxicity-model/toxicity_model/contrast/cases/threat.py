"""Threats and calls for violence, and the same verbs in their literal, legal, sporting or medical use."""

from ..template import templates

TEMPLATES = templates(
    "threat",
    toxic=[
        "Je vais te~{tuer}[, tu m'entends ?| si je te recroise {lieu}|, c'est pas des paroles en l'air].",
        "On devrait les {tuer}, {les:g}[, et vite|, ça ferait de la place|].",
        "Il faudrait [tous|] les {tuer}, {ces:g}.",
        "La prochaine fois que je vois {un:g} me regarder de travers, je vais {le|la}~{tuer}.",
        "Je sais où tu habites, [fais attention en rentrant|et à quelle heure tu sors|on va venir te voir à plusieurs], [tu "
        "vas payer|c'est promis].",
        "{les:g}, qu'on les mette [dans un camp|contre un mur|dans un bateau et qu'on le coule], qu'on en finisse.",
        "Continue comme ça {prénom} et [tu finiras à l'hôpital|ta famille va pleurer|on retrouvera ton corps dans le canal].",
        "Quelqu'un devrait {tuer} {ce:métier} qui passe à la télé[, je paye ma tournée|, sérieux|].",
        "Si {des:venus} ouvrent un lieu de culte ici, on viendra tout brûler[ avec eux dedans|, vous êtes prévenus].",
        "T'as intérêt à fermer ta gueule sinon je te [défonce|démonte|crève|saigne] [devant ton lycée|ce soir|à la sortie].",
        "Qui vient avec moi casser la gueule à {un:g} samedi soir ? [On est déjà cinq.|Battes obligatoires.]",
        "§ Le jour viendra où l'on débarrassera le pays des {p:g}, par la force s'il le faut.",
        "Ta voiture, ta maison, [tes gosses|ton chien|ta femme] : je vais tout cramer, [tu verras|compte là-dessus].",
    ],
    harmless=[
        "Le héros dit « je vais te~{tuer} » [dans la dernière scène du film|à la fin du tome 2|juste avant le générique], j'ai "
        "frissonné.",
        "Ces [vieilles palettes|branches mortes|cartons moisis], on devrait les brûler[, et vite|, ça ferait de la place|].",
        "Il faudrait les [exterminer|éliminer], ces {p:insecte}, [la cuisine en est pleine|j'en dors plus|avant que toute la "
        "maison soit infestée].",
        "La prochaine fois que je vois {un:g} se faire agresser {lieu}, j'appelle la police.",
        "Je sais où tu habites maintenant, [je t'apporte tes clés ce soir|je passe te prendre à 8 h|tu m'avais montré la "
        "maison], à toute !",
        "Dans ce camp, {des:g} ont été [fusillés|enfermés|battus], [n'oublions jamais|une plaque le rappelle].",
        "Continue comme ça {prénom} et [tu auras ton permis du premier coup|tu finiras championne|ton prof sera fier].",
        "L'homme qui menaçait de~{tuer} {un:métier} a été [condamné à un an de prison|placé en garde à vue|interpellé chez "
        "lui].",
        "La loi punit toute personne qui appelle à {tuer} {des:g}.",
        "Le chirurgien va devoir lui ouvrir [la cage thoracique|le ventre|le genou] [demain|sans attendre|d'ici vendredi].",
        "Pour la sauce, il faut [fouetter|battre] les œufs, puis écraser les tomates[ à feu doux|].",
        "On vous a [écrasés|démontés|massacrés|fumés] {sport}, {prénom} ! [Revanche dimanche ?|Vous payez l'apéro.]",
        "Le jardinier va [abattre|couper|brûler] [le vieux chêne|les ronces|le saule malade] avant l'hiver.",
        "§ L'accusé avait menacé {un:g} de mort ; le procureur a requis [deux ans de prison|une peine ferme].",
    ],
)
