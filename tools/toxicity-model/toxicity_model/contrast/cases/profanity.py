"""Rude words: in hate and insult, and as mere swearing."""

from ..template import templates

TEMPLATES = templates(
    "profanity",
    toxic=[
        "Putain de~{p:g}, [encore et toujours|vous me faites chier|cassez-vous].",
        "{les:g} [font chier|nous pourrissent la vie|nous les brisent], [bordel|merde], qu'{ils} se barrent.",
        "Ces enculés de~{p:g}[, encore en train de se plaindre|, tous à foutre dehors|, je peux plus].",
        "Qu'{ils} aillent se faire foutre, {les:g}.",
        "Saloperie de~{p:g} de merde, [toujours dans nos pattes|ça veut des droits en plus|ça me rend dingue].",
        "Va te faire [enculer|foutre|voir, connard], {prénom}, [espèce de~{s:insulte}|t'es une merde|sale chien].",
        "Nique ta mère {prénom}[, sale {s:insulte}|, t'es mort|, suce-moi].",
        "Ferme ta gueule {s:insulte}[, tu pues|, personne t'aime|].",
        "Putain mais que t'es con {prénom}, [t'as de la merde dans le crâne|espèce de~{s:insulte}|on devrait t'interdire de "
        "parler].",
        "Bande de~{p:insulte}, vous [faites chier|me cassez les couilles|me dégoûtez] [tous|à la fin|depuis le début].",
        "Je chie sur {les:g} et sur [leurs traditions|leurs revendications de merde|leur fierté].",
    ],
    harmless=[
        "Putain que c'est beau {ville} [sous la neige|au petit matin|vue d'avion|en automne].",
        "{le:chose}, ça [fait chier|me gonfle|me les brise], [bordel|merde], j'en ai marre.",
        "Putain de~{s:objet} de merde, [ça plante encore|ça vient de lâcher|dix ans que je paye ça].",
        "Bordel, {prénom}, [on a gagné !|t'as vu l'heure ?|j'ai eu mon permis !|c'est génial ton truc !]",
        "Oh merde, j'ai oublié [mes clés {lieu}|l'anniversaire de~{prénom}|le gâteau au four|de signer].",
        "Fais chier, [il pleut|le train est encore supprimé|j'ai perdu mon badge|plus de café] [|et je bosse ce soir|et "
        "{prénom} m'attend].",
        "C'est de la merde {ce:objet}, [je veux être remboursé|ne l'achetez pas|jamais plus cette marque].",
        "Putain {prénom}, qu'est-ce que tu joues bien {sport}, [merci !|je t'adore|je suis sur le cul].",
        "On s'en fout du règlement, [merde|bordel], {les:g} [ont le droit de vivre en paix|doivent pouvoir entrer|sont les "
        "bienvenus].",
        "J'en ai plein le cul de ce boulot, [je démissionne demain|vivement les vacances|vingt ans {lieu}, ça suffit].",
        "Putain j'suis trop con, j'ai [raté mon arrêt|envoyé le mail au patron|laissé le gaz allumé][ mdr| lol|].",
        "Ça me casse les couilles, {ce:mesure}[, on va encore payer|, tout est à refaire|].",
        "Merde alors, encore {un:g} qu'on refuse à l'entrée d'une boîte, ça me fout en rogne.",
    ],
)
