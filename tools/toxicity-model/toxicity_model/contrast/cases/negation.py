"""Negation that insults, and negation that takes the insult back."""

from ..template import templates

TEMPLATES = templates(
    "negation",
    toxic=[
        "{les:g} ne méritent [aucun respect|pas de vivre|pas qu'on leur parle|aucune pitié][, jamais|, point final|].",
        "{les:g} ne sont pas {bon}, [faut arrêter les contes de fées|ce sont des {p:nuisible}|ça se saurait].",
        "Non, {les:g} ne sont pas nos égaux[, et ne le seront jamais|. Il faut le dire|].",
        "{un:g} n'a rien à faire {lieu}[, dehors|, c'est tout|].",
        "Personne ne regrettera {les:g} quand on les aura {virés|virées}[ du pays| de chez nous| une bonne fois].",
        "T'es pas méchant {prénom}, t'es juste [inutile|un déchet|trop bête pour respirer].",
        "Je n'ai rien contre {les:g}, [tant qu'{ils} restent loin de moi|mais qu'{ils} crèvent ailleurs|mais ce sont des "
        "{p:nuisible}].",
        "Tu n'es [même pas capable de réfléchir|bon à rien|rien, absolument rien], {prénom_m}, [espèce de~{s:insulte}|tu fais "
        "honte à ta mère].",
        "Tu ne vaux [rien|pas mieux qu'un chien|même pas le crachat que je gaspille], [{s:insulte}|espèce de~{s:insulte}].",
        "On ne naît pas [con|crétin|imbécile|abruti|débile], on le devient, mais toi {prénom} [tu l'étais dès le berceau|t'as "
        "fait fort].",
    ],
    harmless=[
        "Personne ne devrait mépriser {les:g}[, jamais|, point final| pour ce qu'{ils} sont].",
        "{les:g} ne sont pas {vice}, [faut arrêter les clichés|ce sont des gens comme nous|ça se saurait].",
        "Non, {les:g} ne sont pas {inférieurs|inférieures}[ à qui que ce soit|], [et ne l'ont jamais été|il faut le dire|ça "
        "n'a aucun sens].",
        "Je n'ai jamais dit que {les:g} n'avaient rien à faire {lieu}[, au contraire|].",
        "Tu n'es pas [idiot|bête|nul|débile|moche|con] du tout, {prénom_m}, [tu étais juste fatigué|tout le monde se trompe|ne "
        "te laisse pas faire].",
        "Je ne te traite pas de menteur, {prénom}, [je dis que tu t'es trompé|je veux comprendre|relis juste la page].",
        "Je n'ai rien contre {les:g}, [et je n'aime pas qu'on me prête ces idées|bien au contraire|la moitié de ma famille en "
        "fait partie].",
        "Tu n'es pas bon à rien, {prénom_m}, [crois-moi|tu as juste besoin de repos|tu as eu une mauvaise année].",
        "T'es pas {un:boulet}, t'as juste [raté un exam|mal dormi|eu pas de bol], [ça arrive|courage], {prénom}.",
        "Mon chef n'est pas {un:insulte}, [il est débordé|il apprend|il a ses défauts, comme moi].",
        "Ce n'est pas parce qu'elle est [blonde|jeune|malade|timide] qu'elle est bête, {prénom}.",
        "Pas question de laisser dire que {les:g} ne méritent aucun respect[ {lieu}|].",
    ],
)
