"""Words that are abuse in one sense and harmless in another."""

from ..template import templates

TEMPLATES = templates(
    "homonym",
    toxic=[
        "Sale chienne[ de~{prénom_f}|], [va te coucher|au pied|t'es bonne qu'à aboyer].",
        "Grosse truie[ de~{prénom_f}|], [arrête de bouffer|retourne dans ta bauge|tu pues le lard].",
        "{prénom_f} c'est une cochonne, [elle fait la queue du bureau|tout {ville} lui est passé dessus].",
        "Quelle tapette ce {prénom_m}, [il pleure pour rien|faut l'écraser|une vraie gonzesse].",
        "Espèce de dinde, {prénom_f}, [tu glousses mais t'as rien dans le crâne|ferme ton bec].",
        "T'es une vraie pédale {prénom_m}, [marche droit|va voir ailleurs|personne veut de toi au vestiaire].",
        "Ce gros porc de~{prénom_m} [bave encore sur son clavier|devrait passer à l'abattoir|me dégoûte].",
        "Hé le singe, [remonte dans ton arbre|une banane ?|retourne dans ta cage].",
        "Toi l'âne bâté, [on t'a pas demandé ton avis|apprends à lire, {prénom}|brait plus fort].",
        "{prénom}, tu n'es qu'un déchet, [la benne est dehors|bon pour la décharge].",
        "Ordure, [rends-moi mon argent|je vais te retrouver {prénom}|tout le quartier sait qui t'es].",
        "T'es qu'un fumier {prénom_m}, [t'iras en enfer|t'as pas de parole|je te crache à la gueule].",
    ],
    harmless=[
        "Ma chienne [de trois ans|croisée labrador|Ulka] [va se coucher dès huit heures|aboie au pied de l'escalier|attend des "
        "petits].",
        "La truie du voisin [a eu dix petits|pèse deux cents kilos|s'est sauvée], {prénom}.",
        "Il faut deux cochons pour [la fête|ce méchoui|la charcuterie de l'hiver], [réserve chez l'éleveur|{prénom} s'en "
        "occupe].",
        "J'ai acheté une tapette [à mouches|à souris], [elle marche très bien|deux euros au marché|{prénom} a peur du bruit].",
        "La dinde [cuit depuis ce matin|pèse six kilos|est trop sèche], {prénom}, [on passe à table à midi|arrose-la].",
        "La pédale [de frein|gauche|d'embrayage] est dure, {prénom}, [passe au garage|c'est normal sur ce modèle].",
        "Le porc [du dimanche|aux pruneaux|fermier] [mijote|vient de Bretagne|était fondant], {prénom} en a repris.",
        "Le singe [capucin|du zoo|de Barbarie] [mange une banane|a quitté sa cage|grimpe dans l'arbre].",
        "Ma chatte [dort sur le radiateur|a griffé {prénom}|est stérilisée|attend des petits].",
        "Jette les déchets dans la benne, {prénom}, [le camion passe demain|le jaune pour le carton].",
        "La mairie ramasse les ordures [le mardi|deux fois par semaine|avant six heures], [sortez vos bacs|merci].",
        "Le fumier [de cheval|de poule|bien mûr] est excellent pour [les rosiers|les courges|la terre], {prénom}.",
        "On fait la queue [depuis une heure|devant la boulangerie|au guichet], [j'en peux plus|il pleut|{prénom} garde la "
        "place].",
        "Je prépare un chili con carne [pour dix|ce soir|sans haricots], {prénom} apporte le riz.",
        "Amarre la corde à la bitte, [à gauche du ponton|le vent se lève|{prénom} te montrera].",
        "Il me faut des baguettes et [une bâtarde|deux ficelles], {prénom}, [la boulangerie ferme à 19 h|prends le pain bien "
        "cuit].",
        "Le chat a pissé [sur le canapé|dans la valise de~{prénom}|partout], [j'ai tout lavé|ça sent fort].",
    ],
)
