"""Insults without a rude word, and the same pictures without an insult."""

from ..template import templates

TEMPLATES = templates(
    "insult-without-rude-word",
    toxic=[
        "[Toi,|{prénom},] tu n'as [vraiment |décidément |]pas inventé [l'eau tiède|le fil à couper le beurre|la poudre].",
        "Ton QI frôle celui d'[une huître|un bulot|une palourde|un parpaing], [c'est touchant|respect|{prénom}].",
        "Si la bêtise se mesurait, {prénom}, tu servirais de mètre étalon[ {lieu}|].",
        "Même [mon chien|un grille-pain|une chaise|mon neveu de trois ans] comprend mieux que toi, {prénom}.",
        "La nature t'a [raté|oublié|fait à la va-vite], {prénom_m}, [ça se voit de loin|et pas qu'un peu|désolé pour tes "
        "parents].",
        "Avec une tête pareille, [reste chez toi|évite les miroirs|porte un sac], {prénom}.",
        "Ta mère aurait mieux fait [d'adopter un chat|de regarder la télé ce soir-là|de te laisser à la maternité].",
        "Quand tu entres dans une pièce, {prénom}, le niveau intellectuel [baisse d'un coup|s'effondre|descend à la cave].",
        "Deux neurones, et ils [se font la gueule|se battent pour la place|sont en congé] : c'est tout {prénom}, ça.",
        "Retourne à la maternelle, {prénom}, [les grands parlent|on t'apprendra à lire|tu retardes la classe].",
        "§ Votre propos, {prénom}, a le mérite de prouver qu'on peut écrire sans [penser|cerveau|avoir rien compris à rien].",
        "Personne ne t'a sonné, {prénom}, [d'ailleurs personne ne t'aime|comme d'habitude|retourne à ta solitude].",
        "Tu sers à quoi {prénom} ? [Même l'air que tu respires est gâché.|Une plante verte serait plus utile.]",
        "{individu} a le charisme d'une serpillière[ usagée|] et l'intelligence qui va avec.",
    ],
    harmless=[
        "L'expression « ne pas avoir inventé [l'eau tiède|le fil à couper le beurre|la poudre] » date de quand[, {prénom}|] ?",
        "Les huîtres n'ont pas de cerveau, juste des ganglions[, tu savais {prénom} ?|, on l'a vu en cours de SVT|].",
        "Le mètre étalon est conservé à Sèvres, {prénom} l'a vu [hier|en sortie scolaire|l'an dernier].",
        "Même [mon chien|mon neveu de trois ans|ma grand-mère] sait faire {ce:plat}, {prénom}, [tu vas y arriver|recette en "
        "commentaire].",
        "La nature nous a gâtés, {prénom}, [regarde ce lac|quel coucher de soleil|trois kilos de cèpes].",
        "Avec une tête pareille au réveil, je~[reste chez moi|évite les miroirs|reprends un café] mdr[, {prénom_f} s'est "
        "moquée|].",
        "Ma mère aurait voulu [adopter un chat|une fille|que je sois notaire], {prénom} aussi.",
        "Quand {prénom} entre dans une pièce, [tout le monde sourit|l'ambiance monte d'un coup|on se sent mieux].",
        "Il me reste deux neurones après cette journée {lieu}, et ils [se font la gueule|sont en congé].",
        "{prénom_f} retourne à la maternelle lundi, [elle est institutrice|comme ATSEM|la rentrée approche].",
        "§ Votre propos, {prénom}, me paraît discutable, mais [il est bien argumenté|je vous remercie du débat].",
        "Personne ne t'a répondu, {prénom} ? [Je regarde ça ce soir.|Relance-les lundi.|Le standard est en panne.]",
        "À quoi sert [une plante verte|ce bouton|la levure], {prénom} ? [Je débute.|Je ne vois pas.]",
        "{individu} a oublié la serpillière dans l'escalier[, attention ça glisse|].",
        "Ce tournevis n'est pas le plus affûté du tiroir, {prénom}, [prends l'autre|je vais en racheter|normal il a dix ans].",
    ],
)
