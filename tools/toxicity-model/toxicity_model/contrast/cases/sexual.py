"""Sexual harassment and crude talk, all about adults; sexual health, consent and love."""

from ..template import templates

TEMPLATES = templates(
    "sexual",
    toxic=[
        "[Salut|Hey|Coucou] {prénom_f}, [montre tes seins|envoie des nudes|t'as un beau cul], [fais pas ta timide|je "
        "paye|allez].",
        "T'es bonne {prénom_f}, [je te prendrais bien sur le bureau|viens me sucer|ça te dit un plan cul sale ?].",
        "Suce-moi la bite [sale {s:insulte_f}|{prénom}|et ferme-la].",
        "Elle a dit non mais elle [en voulait|adore ça|finira par écarter les cuisses], [elles sont toutes pareilles|insiste, "
        "{prénom_m}].",
        "Avec une jupe pareille elle l'a cherché[, cette {s:insulte_f}|, faut pas pleurer après|].",
        "Je [te baiserais|te défoncerais le cul|t'enfilerais] [toute la nuit|jusqu'à ce que tu pleures|devant ton mari], "
        "{prénom_f}.",
        "Nouvelle collègue [au bureau|à l'usine|à l'agence], [gros nichons|une vraie chienne|le genre qui suce pour monter], "
        "je vous la conseille les gars.",
        "Je viens de t'envoyer ma bite en photo, [réponds|dis-moi si ça t'excite|note sur dix ?], {prénom_f}.",
        "Les femmes, c'est juste bon à [se faire prendre|écarter les jambes|vider les hommes].",
        "Combien pour une pipe {prénom_f} ? [T'as la bouche pour.|Fais pas la prude.]",
        "Il te faudrait un bon coup de queue {prénom_f}, [ça te calmerait|tu parlerais moins|frustrée].",
        "Envoie une photo de ton décolleté ou [je balance tes nudes|tout ton bureau verra tes photos|j'appelle ton mari].",
    ],
    harmless=[
        "[Salut|Coucou] {prénom_f}, [ça te dirait un café ?|tu danses bien|j'ai aimé ton exposé], [aucune obligation|dis-moi "
        "quand].",
        "Le dépistage des seins [a lieu {lieu}|est gratuit dès 50 ans|m'a sauvé la vie], {prénom_f}.",
        "Le médecin a examiné [mon pénis|ma vulve|mes testicules|mon anus], [rien de grave|c'était une mycose|il m'a prescrit "
        "une crème].",
        "Elle a dit non, donc c'est non[, {prénom_m}|. Le consentement, c'est la base|].",
        "Une jupe n'est jamais une invitation[, {prénom_m}|, la victime n'a rien cherché|].",
        "On a fait l'amour [toute la nuit|pour la première fois|avec un préservatif], [j'étais bien|on s'aime|c'était doux].",
        "Nouvelle collègue [au bureau|à l'usine|à l'agence], [on l'a accueillie hier|elle vient de~{ville}|elle a l'air "
        "compétente].",
        "Un inconnu m'a envoyé une photo de son sexe, [je l'ai signalé|c'est un délit|ça m'a dégoûtée], {prénom_f}.",
        "La pilule du lendemain [est gratuite pour tous|se prend dans les cinq jours|s'achète sans ordonnance], {prénom_f}.",
        "{les:genre} ont droit à [un suivi médical sans jugement|une information claire sur les IST|une sexualité épanouie].",
        "L'expo sur [la sexualité|le clitoris|l'orgasme] à {ville} [ouvre demain|est passionnante|attire du monde].",
        "Je crois que je suis amoureux de~{prénom_f}, [comment lui dire ?|j'ai le cœur qui bat|elle ne le sait pas].",
        "Un collègue m'a dit « t'es bonne » [au bureau|à l'usine|à l'agence], [les RH sont prévenues|je ne sais pas quoi "
        "faire|c'est du harcèlement].",
        "Il l'a menacée de diffuser ses photos intimes, [elle a porté plainte|{prénom} l'accompagne au commissariat].",
    ],
)
