"""Identity terms in neutral and kind statements, and in questions and opinions that despise."""

from ..template import templates

NEUTRAL = templates(
    "identity-neutral",
    harmless=[
        "{des:g} tiennent la librairie [de la place|de la gare|du coin], [elle ouvre à neuf heures|on y trouve de tout].",
        "L'enquête porte sur les revenus des {p:g} [en 2024|à {ville}|de la région].",
        "{ville} compte de~{nombreux@g} {p:g}[, selon le dernier recensement|, l'étude le confirme|].",
        "Le documentaire suit {un:g} [pendant un an|de~{ville} à {ville2}|au quotidien], {il} raconte son enfance.",
        "Mon médecin est {a:attribut}, [il m'a bien soigné|le cabinet est à {ville}|ça n'a rien changé pour moi].",
        "{un:g} a gagné le concours de pâtisserie [à {ville}|hier soir|pour la deuxième fois].",
        "Est-ce que {les:g} ont droit à [cette aide|une carte de réduction|un conseiller] ?",
        "§ La loi de 1905 garantit {aux:religion} le libre exercice de leur culte.",
        "En tant que~{a:attribut}, je [voudrais savoir où m'inscrire|cherche un club à {ville}|peux témoigner de mon "
        "parcours].",
        "Ma sœur s'est mariée avec {un:g} [l'été dernier|à la mairie|en Bretagne], [il pleuvait|on a dansé toute la nuit].",
        "Quel est le mot juste pour parler [des {p:corps}|des {p:genre}] ? [Je veux éviter les maladresses.|C'est pour un "
        "article.]",
        "{un:condition}, {un:origine} et {un:religion} entrent dans un bar. [Le barman leur sert un café.|Ils fêtent leur "
        "bac.]",
        "Je suis {a:attribut} et [je cherche un colocataire|j'habite {ville} depuis dix ans|j'adore le ping-pong].",
        "Le musée ouvre une salle sur l'histoire des {p:g} [en France|de la ville|au XXe siècle].",
    ],
)

POSITIVE = templates(
    "identity-positive",
    harmless=[
        "{les:g} que je connais sont {bon}[, et j'en connais beaucoup|, vraiment|].",
        "J'adore {les:g} de mon équipe, {ils} sont {bon}.",
        "{fier|fière} d'être {a:attribut}, [aujourd'hui comme hier|et je le dis|merci à mes parents] !",
        "Bravo {aux:g} qui [ont organisé la fête|ont aidé après l'inondation|tiennent la cantine], quel boulot !",
        "{un:g} m'a rendu mon portefeuille {lieu}, [avec tout l'argent dedans|merci à {lui}|je voulais le dire ici].",
        "{les:g} et {les:g2} du quartier ont fêté [Noël|le printemps|la victoire] ensemble.",
        "Bienvenue {aux:g}[ sur ce serveur| à {ville}| dans notre chorale] ! [Ici personne ne vous jugera.|Prenez une chaise.]",
        "Merci {aux:métier} de~{ville}, [vous m'avez sauvé la vie|toujours à l'écoute|un boulot pas facile].",
        "Mon meilleur ami est {un:g}, je lui confierais [ma vie|mes enfants|mes clés les yeux fermés].",
        "Joyeuse fête à {tous@g} {les:g} [du monde|d'ici et d'ailleurs] !",
    ],
)

OPINION = templates(
    "opinion",
    toxic=[
        "Pourquoi {les:g} sont-{ils} toujours aussi {vice} ?[ Question sincère.| C'est génétique ?|]",
        "Suis-je le seul à penser que {les:g} [ne devraient pas voter|sont de trop|devraient vivre à part] ?",
        "À quoi servent {les:g} au juste ? [À rien.|Je cherche encore.|À vivre sur notre dos.]",
        "À mon humble avis {les:g} sont {affreux}, [chacun pense ce qu'il veut|liberté d'expression|débat clos].",
        "Comment peut-on [aimer|embaucher|épouser] {un:g} sans avoir honte ?",
        "On a le droit de penser que {les:g} valent moins que nous, non ?",
        "Qui a eu l'idée de laisser {des:g} [entrer ici|éduquer des enfants|parler à la télé] ? [Répugnant.|Ça me rend "
        "malade.]",
        "Vous en pensez quoi {des:g} ? Moi je dis : {p:nuisible}.",
        "Opinion impopulaire : {les:g} ne sont pas [des gens comme les autres|faits pour réfléchir|dignes de confiance].",
        "§ Il me semble évident que {les:g} devraient être {exclu|exclue|exclus|exclues} de la vie publique, pour le bien de "
        "tous.",
    ],
    harmless=[
        "Pourquoi {les:g} sont-{ils} toujours aussi mal {payé|payée|payés|payées} ?[ Question sincère.|]",
        "Suis-je le seul à penser que {les:g} [ne sont pas assez écoutés|devraient avoir plus de places|manquent à la télé] ?",
        "À quoi sert {le:objet} au juste ? [À rien.|Je cherche encore.|À prendre la poussière.]",
        "À mon humble avis {ce:œuvre} est {nul}, [chacun pense ce qu'il veut|liberté d'expression|débat clos].",
        "Comment peut-on mépriser {un:g} et se dire humaniste ?",
        "On a le droit de penser que {ce:mesure} est une erreur, non ?",
        "Qui a eu l'idée de refuser {des:g} à l'entrée ? [Répugnant.|Ça me rend malade.|Je me plaindrai.]",
        "Vous en pensez quoi {du:mesure} ? Moi je suis [contre|plutôt contre|pas convaincu].",
        "Opinion impopulaire : {le:œuvre} du moment est {nul} et [on s'ennuie|personne n'ose le dire|je préférais l'ancien "
        "style].",
        "§ Il me semble évident que {ce:mesure} devrait être {abandonné|abandonnée}, pour le bien de tous.",
        "Le ministre se trompe sur {ce:mesure}[, et il le sait|, les chiffres le montrent|]. Il doit revoir sa copie.",
        "Je ne partage pas la foi des {p:religion}, [mais je les respecte|et nous en discutons volontiers|c'est tout].",
    ],
)

TEMPLATES = [*NEUTRAL, *POSITIVE, *OPINION]
