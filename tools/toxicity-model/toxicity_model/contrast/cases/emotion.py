"""Strong negative emotion: about a group it is hate, about things it is a mood."""

from ..template import templates

TEMPLATES = templates(
    "emotion",
    toxic=[
        "[Franchement, |Désolé mais |Je le dis comme je le pense : |]{haïr} {les:g}.",
        "{haïr} {les:g}, {tous} sans exception, [et j'assume|c'est physique|ça ne changera jamais].",
        "{les:g} me dégoûtent[, rien que de les voir j'ai envie de vomir|, point| au plus haut point].",
        "Plus je croise {des:g} {lieu}, plus je les hais.",
        "J'ai la haine quand je vois {un:g} [passer devant chez moi|à la télé|réussir|sourire].",
        "Je n'éprouve que du mépris pour {les:g}, [ce sont des moins que rien|et c'est tout ce qu'{ils} méritent|qu'{ils} le "
        "sachent].",
        "§ [Je ne cache pas|Je revendique] l'aversion profonde que m'inspirent {les:g} : leur seule vue m'est insupportable.",
        "Dès que j'entends {un:g} parler j'ai envie de lui mettre des claques.",
        "Rien que l'idée de serrer la main d'{un:venus} me donne la nausée.",
        "[Pourquoi|Comment ça se fait que] plus personne n'ose dire qu'on en a marre de voir {des:g} partout ? Ras le bol de "
        "leurs gueules.",
        "Je supporte tout le monde sauf {les:g}, {eux} je peux pas, [{ils} me filent la gerbe|qu'{ils} crèvent|{ils} puent la "
        "mort].",
    ],
    harmless=[
        "[Franchement, |Désolé mais |Je le dis comme je le pense : |]{haïr} {le:bête noire}.",
        "{haïr} {le:bête noire}, [et j'assume|c'est physique|ça ne changera jamais].",
        "{le:plat} de la cantine me {dégoûte|dégoûte|dégoûtent|dégoûtent}[, rien que de voir l'assiette j'ai envie de vomir|, "
        "point].",
        "{haïr} ceux qui insultent {les:g}[| dans la rue| sur les réseaux| sous couvert d'humour].",
        "J'ai la haine quand je vois {un:g} se faire insulter {lieu}.",
        "Je n'éprouve que du mépris pour les gens qui [humilient|harcèlent|frappent|discriminent] {des:g}.",
        "§ La façon dont ce journal parle des {p:g} m'inspire une aversion profonde.",
        "Dès que j'entends {un:g} se faire couper la parole, ça me met hors de moi.",
        "Rien que l'idée qu'on refuse un logement à {un:venus} me donne la nausée.",
        "Ras le bol qu'on s'en prenne {aux:g} dès que quelque chose va mal[ dans ce pays| {lieu}|].",
        "Je supporte tout sauf {le:bête noire}, [ça me rend dingue|j'en peux plus|ça me file des boutons].",
        "Quelle horreur {ce:chose}, [jamais plus ça chez moi|je déteste|qui a inventé ça ?].",
    ],
)
