"""Contempt without a rude word, and the same phrasing without contempt."""

from ..template import templates

TEMPLATES = templates(
    "implicit",
    toxic=[
        "Depuis qu'il y a {des:g} {lieu}, je garde la main sur mon portefeuille[, allez savoir pourquoi|].",
        "{un:g} honnête ? [J'en cherche encore un|Ça se saurait|Autant chercher une licorne].",
        "Je laisserais jamais ma fille [épouser|fréquenter|approcher] {un:g}, faut pas rêver.",
        "[Bizarrement|Comme par hasard], dès que {des:g} arrivent quelque part, les gens normaux déménagent.",
        "C'est {un:g} mais {il} est propre, [j'étais surpris|comme quoi|c'est rare].",
        "{les:g} et le travail, [ça fait deux|c'est une longue histoire de désamour|une rencontre qui n'a jamais eu lieu].",
        "Plutôt {malin|maligne}, pour {un:g}[, je ne m'y attendais pas|, il doit y avoir une erreur|].",
        "§ L'égalité est une belle idée, mais chacun voit bien que {les:g} ne jouent pas dans la même catégorie que nous.",
        "Si {les:g} disparaissaient demain, qui s'en rendrait compte ? [Le monde respirerait.|Personne ne pleurerait.]",
        "Avant, ce quartier était bien. Puis {des:venus} se sont installés.[ Vous voyez le tableau.| Je n'en dis pas plus.|]",
        "Il ne faut pas s'étonner, on a recruté {un:g}. [Vous vouliez quoi ?|À quoi vous vous attendiez ?|Ça promet.]",
        "Les {p:genre}, chacun sa place, [et la leur n'est pas ici|et qu'on ne les voie plus|et tout ira mieux].",
    ],
    harmless=[
        "Depuis qu'il y a {des:g} {lieu}, [l'ambiance est plus joyeuse|on apprend les uns des autres|j'ai changé d'avis sur "
        "pas mal de choses].",
        "{un:g} honnête, {un:g} malhonnête, ça existe partout[, comme chez tout le monde|].",
        "Ma fille va épouser {un:g}, [on est ravis|la fête aura lieu en juin|toute la famille est invitée].",
        "[Bizarrement|Comme par hasard], dès que {des:g} demandent un logement, il n'est plus libre. Ça s'appelle la "
        "discrimination.",
        "C'est {un:g} et {il} siège au conseil depuis hier, [bravo à {lui}|et on compte sur lui|comme quoi rien n'est écrit].",
        "{les:gadget} et moi, ça fait deux[, j'y comprends rien|].",
        "Elle a entendu « plutôt {malin|maligne}, pour {un:g} » à l'entretien. [Elle a quitté la salle.|Consternant.]",
        "§ L'égalité n'est pas négociable, et {les:g} n'ont pas à la quémander.",
        "Si les moustiques disparaissaient demain, qui s'en rendrait compte ? [Les hirondelles, sans doute.|Pas moi en tout "
        "cas.]",
        "Avant, ce quartier était mort. Puis {des:venus} ont ouvert [une épicerie|un restaurant|un atelier], et tout est "
        "reparti.",
        "On a recruté {un:g} {lieu}. [Très contents de l'équipe.|Accueil prévu lundi.|Ça promet de beaux projets.]",
        "Chacun trouve sa place dans l'équipe, {les:genre} comme les autres.",
    ],
)
