"""Hyperbole and teasing among friends, with a clear signal, and the same opening meant badly."""

from ..template import templates

TEMPLATES = templates(
    "banter",
    toxic=[
        "Je vais te tuer {prénom}, [je rigole pas|tu l'as bien cherché|et ton chien avec].",
        "T'es mort {prénom}, [on t'attend dehors|compte tes jours|tu ressortiras pas d'ici].",
        "J'te déteste {prénom}, [t'es un cancer|tu me donnes envie de vomir|dégage de ma vie, sale {s:insulte}].",
        "Mdr la gueule de~{prénom}, [un accident de la nature|faut l'abattre|même sa mère détourne les yeux].",
        "Haha {prénom} t'es vraiment un cas social, [tout le monde se fout de toi|y a que toi que ça fait pas rire].",
        "Lol regarde {prénom} qui pleure, [pauvre petite merde|continuez les gars|on remet ça demain].",
        "Arrête de parler {prénom}, [on en a tous marre de ta voix de débile|tu pollues l'air|sale {s:insulte}].",
        "C'est pour rire {prénom}, [fais pas ta victime, sale {s:insulte}|mais t'es quand même une merde].",
        "Le groupe sans {prénom} c'est mieux, [on vote l'exclusion|personne l'aime ici|retourne jouer seul].",
        "Tu m'as battu {sport}, {prénom}, [j'espère qu'on va te casser les doigts|sale tricheur de merde].",
    ],
    harmless=[
        "Je vais te tuer {prénom} mdr, [tu m'as fait trop peur|t'as mangé le dernier cookie|t'as encore spoilé la fin] 😂",
        "T'es mort {prénom} haha, [revanche {sport} dimanche|prépare-toi à perdre|je t'attends aux cartes].",
        "J'te déteste {prénom} mdr, [t'as trop de chance|tu gagnes toujours|pourquoi t'es si forte {sport}].",
        "Mdr la tête de~{prénom} [quand on a crié surprise|au réveil|devant le gâteau], [je l'aime trop|meilleure soirée].",
        "Haha {prénom} t'es un cas toi, [change jamais|on s'ennuie pas avec toi|bisous].",
        "{prénom} a pleuré de rire, [moi aussi|on remet ça demain|j'ai encore mal au ventre].",
        "Espèce de~{s:tendre}, [tu m'as manqué|viens là que je t'embrasse|t'as encore oublié ton écharpe], {prénom}.",
        "Je meurs, {prénom} [a mis ses chaussures à l'envers|danse en pyjama|parle au chat], jpp 😂",
        "Si tu finis les chips sans moi {prénom} je t'étrangle [mdr|haha|😂], [j'arrive dans dix minutes|garde m'en].",
        "Tu m'as battu {sport}, {prénom}, [bien joué|je demande une revanche|j'ai rien vu venir].",
        "Ma fille, ma petite {s:tendre}, [a fait ses premiers pas|a eu cinq ans|m'a dessiné un dragon].",
        "Maman va m'égorger si [je rentre après minuit|elle voit ma note|j'oublie le pain] mdr {prénom} aide-moi",
        "Toi et tes blagues {prénom}, [t'es grave|je te boude deux minutes|garde-les pour Noël] 😄",
    ],
)
