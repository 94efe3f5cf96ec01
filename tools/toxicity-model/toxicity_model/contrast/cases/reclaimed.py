"""Self-irony and words that the speaker takes back for themself; the same words thrown at others."""

from ..template import templates

RECLAIMED = templates(
    "reclaimed",
    toxic=[
        "T'es qu'une [gouine|pédale|tapette|tarlouze] {prénom}, [et ça se voit|la honte de ta famille|dégage].",
        "[Les pédés|Les gouines|Les travelos] de~{ville} [défilent encore|se montrent partout], [ça me donne envie de "
        "cogner|c'est à vomir].",
        "Fier d'être [pédé|folle], mdr, {prénom_m}, [va te soigner plutôt|comme si y avait de quoi].",
        "Une marche des [pédés|gouines] ? [Qu'on lâche les chiens.|Qu'on ouvre les canons à eau et qu'ils crèvent.]",
        "Regardez ce renoi, [il se croit chez lui|même pas capable de parler français|retourne au bled].",
        "Cette grosse vache qui se dit « grosse et fière »... [va courir|pauvre tas|tu fais honte].",
        "Sale [boiteuse|infirme|mongolien], [prends les escaliers|pousse-toi|t'encombres le trottoir].",
    ],
    harmless=[
        "Je suis [gouine et fière|pédé et fier] de l'être, {prénom}, [ça fait vingt ans|et je t'emmerde pas|bonne Pride à "
        "tous].",
        "[Nous les pédés|Nous les gouines] de~{ville}, on [défile samedi|ouvre un café associatif], [venez nombreux|bisous].",
        "Mon [livre|podcast|spectacle] s'appelle « [Pédé|Gouine|Grosse et fière|Folle] », {prénom} [l'a adoré|en fait "
        "l'affiche].",
        "Marche des [gouines|pédés] ce samedi à {ville}, [rendez-vous à 14 h|organisée par nos collectifs].",
        "Entre renois on [se comprend|se charrie] {prénom}, [la famille|big up à tous les frères].",
        "Je suis grosse, je dis grosse, [pas « ronde »|et je m'aime|c'est un mot comme un autre], {prénom}.",
        "Moi la boiteuse je prends l'ascenseur, [à tout de suite|prends les escaliers, {prénom}|on se retrouve au quatrième].",
        "Entre meufs on s'appelle « mes salopes » et [ça nous fait rire|personne est vexé], hein {prénom_f} ?",
    ],
)

SELF_IRONY = templates(
    "self-irony",
    toxic=[
        "Je suis peut-être {un:boulet}, mais toi {prénom} t'es [une sous-merde|un déchet|une erreur].",
        "Je me trouve nul, mais à côté de toi {prénom_m}, [pauvre débile|sale raté], je suis Einstein.",
        "T'as encore oublié, {s:insulte} ? [Même un poisson rouge fait mieux.|Greffe-toi un cerveau.]",
        "T'es trop [con|débile|nul] {prénom_m}, t'as [raté le bus|cassé la manette|tout faux], [dégage de l'équipe|personne "
        "veut de toi].",
        "Moi je suis lent, mais {les:métier}, c'est carrément des légumes.",
    ],
    harmless=[
        "Je suis {un:boulet}, j'ai encore [perdu mes clés|raté le bus|oublié {prénom} {lieu}].",
        "Je me trouve [nul|bête|moche] aujourd'hui, {prénom}, [ça ira mieux demain|faut que je dorme|raconte-moi un truc "
        "drôle].",
        "Quel {s:boulet_m} je fais, [j'ai cassé la manette|j'ai mis ma chemise à l'envers|j'ai appelé la prof maman].",
        "Moi et mes deux mains gauches, [on a fini aux urgences|on a repeint le chat|{prénom} en rit encore].",
        "On est vraiment des {p:boulet} avec {prénom}, on a [pris le train dans le mauvais sens|oublié la tente].",
        "Nous, {les:g}, on râle tout le temps, [je me compte dedans|la preuve, me voilà|et on en rit] mdr.",
    ],
)

TEMPLATES = [*RECLAIMED, *SELF_IRONY]
