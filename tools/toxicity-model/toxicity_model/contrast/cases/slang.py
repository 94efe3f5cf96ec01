"""Verlan, regional French, emoji and the mix with English: the forms abuse and ordinary talk share."""

from ..template import templates

VERLAN = templates(
    "verlan",
    toxic=[
        "Wesh {prénom} t'es qu'un [bouffon|tebé|golmon|baltringue], [tu fais pitié|casse-toi|nique ta race].",
        "Sale keuf de ta race, [on va te fumer|crève|t'es un chien].",
        "Ces [rebeus|renois|feujs|noiches] de merde, [toujours à gratter|qu'ils rentrent chez eux|c'est même pas des humains].",
        "Cette meuf c'est une teupu, [elle a fait toute la cité|crache-lui dessus {prénom}].",
        "Ta daronne la teupu, {prénom}, [on va te marave|viens en bas si t'es un homme].",
        "Va niquer tes morts {prénom}, [sale tebé|t'es claqué au sol et ta famille aussi].",
        "T'es chelou et t'es guez {prénom}, [personne te calcule {lieu}|dégage sale cassos].",
        "J'vais t'éclater la tronche {prénom}, [parole|sors de chez toi|toi et ton reuf].",
    ],
    harmless=[
        "Wesh {prénom} t'es où, [le match commence|ramène les chips|je suis devant chez toi] [frérot|gros|].",
        "Les keufs ont bloqué la rue {lieu}, [j'ai fait le tour|je serai en retard|ils cherchaient une caisse].",
        "Mes potes [rebeus|renois|feujs|noiches] et moi, on [part à la mer|monte un groupe|révise ensemble], {prénom} vient "
        "aussi.",
        "Cette meuf est trop forte, {prénom}, [elle a mis trois buts|son flow est fou|elle code comme personne].",
        "Ma daronne [fait un couscous de ouf|m'a pris mon tel|cherche du taf], {prénom} [est invité|confirme].",
        "C'est ouf {prénom}, [il pleut depuis dix jours|j'ai eu 18|le teum est parti avec mes clés].",
        "C'était chelou hier soir {lieu}, [y avait plus de lumière|personne parlait|on a croisé un renard].",
        "J'suis vénère {prénom}, [j'ai raté le dernier métro|mon tel est mort|ils ont annulé le concert].",
        "Ce morceau est claqué au sol [frère|{prénom}], [le refrain passe pas|l'ancien était mieux].",
    ],
)

DIALECT = templates(
    "dialect",
    toxic=[
        "T'es juste un maudit [niaiseux|épais|cave|innocent], {prénom}, [va chier|tu fais dur en crisse|décrisse].",
        "Mon esti de [trou de cul|chien sale|gros cave], [m'as te crisser une volée|farme ta yeule|va donc chier].",
        "Crisse de~{p:g}, [retournez chez vous|esti que ça pue|ça gâche le Québec].",
        "Ferme ta yeule {prénom}, [tabarnak d'épais|t'es laid pis t'es cave|m'as te péter les dents].",
        "Espèce de [baraki|snul|dikkenek de mes deux|biesse], {prénom}, [va te laver|t'as rien dans le ciboulot|on t'a assez "
        "vu une fois].",
        "T'es qu'un [boffiau|taborniau|batoillon], {prénom_m}, [fous le camp de~{ville}|personne veut de toi].",
        "Gaou là, {prénom}, [tu es mouton comme ton père|ta tête comme margouillat|imbécile, quitte là].",
        "Sale broussard, [retourne au village|tu sens la chèvre|tu connais rien de la ville].",
        "{prénom_f} la guidoune, [tout le village y a passé|la crisse de vache].",
    ],
    harmless=[
        "Crisse qu'il fait frette à matin, {prénom}, [mon char part pas|mets ta tuque|y annoncent moins trente].",
        "Tabarnak, {prénom}, [on a gagné la coupe|j'ai échappé mon café|le pont est encore fermé].",
        "C'est donc ben plate {ce:œuvre} là, [j'ai cogné des clous|on change-tu de poste ?].",
        "Esti que c'est bon {ce:plat}, [j'en reprendrais|merci {prénom}|ma blonde en raffole].",
        "Voyons {prénom}, fais pas le niaiseux mon chou, [rentre te réchauffer|t'es ben drôle|viens souper].",
        "Ça caille une fois ici à [Liège|Namur|Bruxelles|Mons], {prénom}, [on va boire un verre ?|j'ai pris toute la drache "
        "sur le dos|vivement les frites].",
        "J'ai mangé septante moules hier, {prénom}, [quel régal|j'ai mal au ventre|avec des frites].",
        "On se retrouve au carnotzet {prénom}, [je prends la fondue|santé|à tantôt].",
        "Y a dur temps ce mois-ci {prénom}, [le patron a pas payé|le taxi a augmenté|on se débrouille seulement].",
        "On dit quoi {prénom} ? [Ça fait deux jours.|Le maquis ouvre à midi.|Le match d'hier était chaud deh.]",
    ],
)

EMOJI = templates(
    "emoji",
    toxic=[
        "🤡 toi {prénom}[, retourne au cirque|, t'es la honte|].",
        "🐷🐷 [{prénom} à la cantine|voilà ta photo de profil|c'est toi ça], [gros tas|sale truie|groin groin].",
        "{les:g} 🤮🤮[ dehors| partout| !!!|].",
        "{prénom} 👉🗑️ [ta place|bouge pas on vient te chercher|comme toute ta famille].",
        "🔪🔪 {prénom} [ce soir|je sais où t'es|dors bien].",
        "{des:g} {lieu} 🐒🐒🍌[ mdr| comme au zoo|].",
        "Encore {un:g} 🐀 [sortez les pièges|ça pullule|dératisation svp].",
        "🍑💦 {prénom_f} [tu suces ?|viens dans mon lit|t'as un cul à baiser].",
        "💀 [crève|va mourir] {prénom} 🖕[🖕|].",
        "Ta gueule {prénom} 🤫🖕 [{s:insulte}|espèce de~{s:insulte}].",
    ],
    harmless=[
        "🤡 [on ouvre le cirque samedi|atelier clown à {ville}|mon costume pour le carnaval], {prénom} [vient aussi|adore].",
        "🐷🐷 [les cochons d'Inde de~{prénom}|visite à la ferme|la tirelire des petits], [trop mignons|on y retourne].",
        "{ce:plat} 🤮🤮[ plus jamais| j'ai goûté pour vous| !!!|].",
        "Pensez au tri 👉🗑️ [la mairie passe mardi|verre à part|merci {prénom}].",
        "🔪🔪 {prénom} [prépare les sushis|aiguise mes couteaux|coupe le rôti], [on mange à huit heures|trop faim].",
        "Le zoo de~{ville} 🐒🐒🍌 [avec {prénom}|les petits ont adoré|gratuit dimanche].",
        "{les:g} ❤️ [on vous aime|bonne fête|toujours ensemble|solidarité à {ville}].",
        "🍑🍑 [tarte aux pêches|les pêches du jardin|confiture], {prénom} [tu viens goûter ?|ça te dit ?].",
        "💀💀 {prénom} [la vidéo du chat|j'ai ri trop fort {lieu}|ma moyenne de maths] mdr.",
        "{un:g} {agressé|agressée} {lieu} 😢 [courage à la famille|ça me révolte|assez de haine].",
        "Chut {prénom} 🤫 [le bébé dort|c'est une surprise|la série commence].",
        "J'ai [raté mon permis|cassé mon tel|brûlé {le:plat}] 🤦🤡 [trop fort moi|{prénom} rigole encore|bravo moi].",
    ],
)

ENGLISH_MIX = templates(
    "english-mix",
    toxic=[
        "T'es un loser {prénom}, [go die|kill yourself|uninstall la vie].",
        "Shut up {prénom}, [t'es qu'une bitch|nobody likes you|sale {s:insulte}].",
        "Fuck off {prénom}, [t'es trash|espèce de~{s:insulte}|personne veut de toi ici].",
        "{les:g} go home, [vous êtes trash|fucking vermine|on veut pas de vous].",
        "KYS {prénom}[, noob de merde|, sérieux|, tu sers à rien].",
        "Mid, comme ta vie {prénom}, [pathetic|cry more sale {s:insulte}|touche de l'herbe gros porc].",
        "What a bitch cette {prénom_f}, [elle mérite des baffes|sale whore].",
        "Ez {prénom}, [t'es un dog|désinstalle sale bot humain|retourne sucer ton coach].",
        "{un:g} dans ma team ? [Kick it.|Disgusting, je quitte.|No way, ça pue.]",
        "T'es so ugly {prénom}, [même un filtre peut rien|cache ta face|delete tes photos].",
    ],
    harmless=[
        "Ce [track|son|remix] est sick {prénom}, [le drop me tue|en boucle depuis hier|merci du partage].",
        "Shut up, c'est pas possible {prénom}, [t'as eu les places ?|il a dit oui ?|félicitations !]",
        "Fuck, j'ai [raté le bus|perdu ma save|oublié le call de 9 h], {prénom}.",
        "{les:g} welcome [chez nous|sur le serveur|dans la team], {prénom} [a fait un logo|modère].",
        "Le boss m'a kill dix fois, {prénom}, [je rage quit|t'as un build ?|ce jeu est trop hard].",
        "Ce film est so mid, {prénom}, [le plot est nul|next|je préférais le premier].",
        "Bad bitch energy {prénom_f}, [t'as tout déchiré au concours|ta tenue est incroyable|queen].",
        "GG {prénom}, [vous nous avez rekt|clean la finale|on revient plus fort].",
        "{un:g} dans ma team et [on carry|GG à {lui}|top 1 direct], [best duo|bonne soirée].",
        "La prod est dirty, {prénom}, [le kick tape|ça groove de ouf|j'adore].",
        "Sorry {prénom}, [j'ai ghost le groupe, trop de taf|dead de fatigue|je te call demain].",
    ],
)

TEMPLATES = [*VERLAN, *DIALECT, *EMOJI, *ENGLISH_MIX]
