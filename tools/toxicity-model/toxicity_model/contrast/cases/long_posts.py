"""Longer posts, in which the abuse is a small part, and equally long posts without any."""

from ..template import templates

TEMPLATES = templates(
    "long-post",
    toxic=[
        "J'habite [{ville}|près de {ville2}] depuis vingt ans et j'ai vu le quartier changer. D'abord la boulangerie a fermé, "
        "puis le "
        "café. Maintenant il n'y a plus que {des:g}, [ça traîne, ça salit, ça ne respecte rien|de la vermine à chaque coin de "
        "rue]. "
        "[On devrait tous les mettre dehors|Je ne verserai pas une larme s'il leur arrive malheur].",
        "Bonjour, j'ai commandé {un:objet} il y a trois semaines, toujours rien. J'ai appelé le service client et je suis "
        "tombé sur "
        "{un:insulte} [même pas capable de parler français|au QI de moule]. Je lui souhaite {maladie}, et à toute sa famille "
        "avec.",
        "Très bel article, merci {prénom}. Je comprends vos arguments, mais on oublie l'essentiel : {les:g} sont {affreux}, "
        "{ils} "
        "l'ont toujours été, et [aucune loi n'y changera rien|le seul remède est de s'en débarrasser].",
        "Alors moi je suis allé voir le match [au stade|à {ville}|au gymnase] avec {prénom}. Bonne ambiance, belle pelouse, le "
        "soleil. Et là {un:g} s'assoit "
        "à côté de nous. [J'ai changé de place, je tiens à ma santé.|On lui a fait comprendre à coups de pied que c'était pas "
        "sa place.]",
        "Réponse à {prénom} : vous écrivez que la source est fiable. Je l'ai lue, elle ne dit pas ça. Mais bon, avec votre "
        "cervelle "
        "de moineau, [il ne faut pas trop en demander|lire deux pages a dû vous épuiser], pauvre {s:insulte}.",
        "La recette est bonne, j'ai mis un peu moins de sel. Par contre {prénom}, ta photo de profil... [t'as pas honte d'être "
        "aussi "
        "moche ?|une vraie tête à claques.|on comprend que tu cuisines seule.] Sinon merci pour la cuisson.",
        "Je vais rester poli. Vous avez supprimé mon ajout sans motif, {prénom}, et ce n'est pas la première fois. Vous êtes "
        "{un:insulte}, [un petit chef frustré|et je finirai par savoir où vous vivez].",
        "On était tranquilles [au camping|à la plage|au parc], les enfants jouaient, et j'ai vu débarquer {des:g}, toute une "
        "bande. [Ma femme a rangé les sacs, on sait comment {ils} sont.|Qu'on les parque ailleurs, loin des gens propres.]",
        "Pour ceux qui cherchent un appart à {ville}, évitez la rue du Moulin. Loyer correct, métro à deux pas, mais la "
        "voisine "
        "du dessus est une {s:insulte_f} [de cinquante ans que personne n'a jamais voulu toucher|qu'il faudrait gazer].",
        "§ Mesdames, messieurs, je serai bref. Notre association a fait de son mieux cette année, mais la présence de plus en "
        "plus "
        "visible des {p:g} {lieu} constitue [une souillure|une insulte à nos ancêtres], et je propose qu'on les en chasse.",
    ],
    harmless=[
        "J'habite [{ville}|près de {ville2}] depuis vingt ans et j'ai vu le quartier changer. D'abord la boulangerie a fermé, "
        "puis le "
        "café. Maintenant {des:g} ont repris le local, [c'est propre, c'est vivant|on y mange bien]. "
        "[Je n'y croyais plus|Comme quoi il ne faut pas désespérer].",
        "Bonjour, j'ai commandé {un:objet} il y a trois semaines, toujours rien. J'ai appelé le service client et on m'a "
        "raccroché au "
        "nez. C'est vraiment de la merde, [je demande le remboursement|je ne commanderai plus chez vous].",
        "Très bel article, merci {prénom}. Je comprends vos arguments, mais on oublie l'essentiel : {les:g} ne demandent pas "
        "un "
        "privilège, [juste la même loi pour tous|juste qu'on arrête de parler à leur place].",
        "Alors moi je suis allé voir le match [au stade|à {ville}|au gymnase] avec {prénom}. Bonne ambiance, belle pelouse, le "
        "soleil. Et là {un:g} s'assoit "
        "à côté de nous. [On a partagé nos frites et refait le monde.|Un supporter lui a crié une saleté, le stadier l'a "
        "sorti.]",
        "Réponse à {prénom} : vous écrivez que la source est fiable. Je l'ai lue, elle ne dit pas ça. Le tableau de la page 12 "
        "dit "
        "même l'inverse. [Je retire donc la phrase|Je propose de reformuler], dites-moi si ça vous va.",
        "La recette est bonne, j'ai mis un peu moins de sel. Par contre {prénom}, ta photo du plat... [on dirait du vomi "
        "mdr|c'est "
        "moche mais c'est bon !] Sinon merci pour la cuisson, ce fichu four brûle tout d'habitude.",
        "Je vais rester poli. Vous avez supprimé mon ajout sans motif, {prénom}, et ce n'est pas la première fois. [Je demande "
        "une "
        "médiation|Merci de m'expliquer], car je trouve cette méthode détestable.",
        "On était tranquilles [au camping|à la plage|au parc], les enfants jouaient, et un type s'est mis à insulter {des:g} "
        "qui "
        "pique-niquaient. « Sales {p:nuisible} », il criait. [Trois personnes l'ont fait partir.|J'ai appelé les gendarmes.]",
        "Pour ceux qui cherchent un appart à {ville}, évitez la rue du Moulin. Loyer correct, métro à deux pas, mais [c'est "
        "infesté "
        "de~{p:insecte}|le proprio ne répare rien, c'est une honte]. J'ai mis six mois à m'en sortir.",
        "§ Mesdames, messieurs, je serai bref. Notre association a fait de son mieux cette année, et la présence de plus en "
        "plus "
        "visible des {p:g} {lieu} [nous réjouit|montre que les portes s'ouvrent], et je propose qu'on poursuive.",
    ],
)
