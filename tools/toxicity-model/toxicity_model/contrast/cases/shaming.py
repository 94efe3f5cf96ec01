"""Shaming of body, illness, age, intelligence and poverty, and talk of the same without contempt."""

from ..template import templates

TEMPLATES = templates(
    "shaming",
    toxic=[
        "T'as vu ton bide {prénom} ? [On dirait une baleine échouée.|Faut deux sièges pour toi.|Pose la fourchette.]",
        "{prénom} est tellement [énorme|obèse] que [le sol tremble|l'ascenseur refuse de monter|sa chaise pleure].",
        "Avec {maladie} tu restes aussi moche qu'avant, {prénom}, [juste en plus chauve|dommage].",
        "[Ferme-la le vieux|Retourne à l'Ehpad|T'as un pied dans la tombe], [on t'a assez entendu|ta génération nous a "
        "ruinés].",
        "Tes parents sont au RSA et tu donnes des leçons, {prénom} ? [Va faire la manche.|Sale pauvre.]",
        "Tu portes [des fringues de clodo|du Lidl de la tête aux pieds|les habits de ton frère mort], {prénom}, [la honte|t'es "
        "la risée {lieu}].",
        "Ta calvitie, tes boutons, ton haleine... {prénom_m}, [fais un effort ou reste caché|même une mouche te fuirait].",
        "T'es passé entre les mains d'un boucher pour avoir cette gueule, {prénom_m} ?",
        "Bégaie pas {prénom}, [on va pas y passer la nuit|finis ta phrase ou dégage|c'est gênant pour tout le monde].",
        "Personne voudra jamais de toi avec [ces cuisses|ce nez|ces dents|cette peau], {prénom}, [regarde-toi|faut être "
        "réaliste].",
        "Tu comprends rien, {prénom}, [t'as un retard ou quoi ?|ils t'ont bercé trop près du mur|va en classe spécialisée].",
        "Une dépression, {prénom} ? [T'es juste une larve qui pleurniche.|Fais-nous pas rire, t'es faible.]",
        "Les {p:corps} à la plage, [on devrait les cacher|ça coupe l'appétit|un peu de pudeur, restez chez vous].",
        "Je mets zéro à cette actrice, [trop grosse|trop vieille|peau de crocodile], [faut lui dire d'arrêter|ça devrait être "
        "interdit à l'écran].",
    ],
    harmless=[
        "J'ai pris du bide depuis l'hiver, {prénom}, [on s'inscrit à la piscine ?|trop de raclette|mon jean ne ferme plus].",
        "{prénom_f} est enceinte, [le bébé est énorme|elle a pris douze kilos et elle rayonne|elle accouche en mai].",
        "{prénom_f} perd ses cheveux à cause de la chimio, [on lui a offert un foulard|elle garde le moral].",
        "Ma grand-mère entre à l'Ehpad [lundi|demain|ce mois-ci], [elle y retrouve une amie|c'est dur pour tout le monde].",
        "Mes parents sont au RSA et [j'ai eu mon bac avec mention|je cherche une bourse|je n'en ai pas honte], {prénom}.",
        "Je m'habille [en friperie|chez Lidl|avec les habits de mon frère], {prénom} [adore mon style|fait pareil].",
        "Calvitie, acné, mauvaise haleine : {prénom}, [le dermato peut t'aider|tout ça se soigne|on est nombreux dans ce cas].",
        "Le chirurgien a reconstruit le visage de~{prénom} après l'accident[, c'est bluffant|].",
        "Je bégaie depuis l'enfance, [l'orthophoniste m'aide beaucoup|{prénom} me laisse toujours finir|et je fais de la "
        "radio].",
        "Je n'aime pas [mes cuisses|mon nez|mes dents|ma peau] mais j'apprends à faire avec[, merci {prénom}|].",
        "Tu ne comprends pas, {prénom} ? [Je reprends depuis le début.|C'est normal, c'est dur.|Demande-moi quand tu veux.]",
        "Une dépression, {prénom} ? [Ce n'est pas de la faiblesse.|Je suis passée par là.|Appelle-moi ce soir.]",
        "La plage de~{ville} a un accès pour {les:handicap}, [maître-nageur compris|c'est gratuit|ouvert de juin à août].",
        "Se moquer des {p:corps}, c'est [petit|minable|du harcèlement].",
        "L'obésité est une maladie, [le médecin le rappelle|pas un manque de volonté|les traitements progressent], {prénom}.",
    ],
)
