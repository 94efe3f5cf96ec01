"""Violence of games, sport and cooking, and abuse in the same places."""

from ..template import templates

TEMPLATES = templates(
    "game-violence",
    toxic=[
        "Joue mieux {prénom}, [espèce de~{s:insulte}|sale noob de merde|ou coupe-toi les mains].",
        "Si on perd {sport} je te casse les jambes {prénom}, [t'es prévenu|je sais où tu vis].",
        "Quel entraîneur de merde, [qu'il crève|ce gros débile|on devrait le lyncher sur le parking].",
        "Ce gardien est {un:insulte}, [qu'on lui casse les mains|je lui souhaite une rupture des croisés|sa mère aussi].",
        "Les filles {sport}, [quelle blague, ça court comme des vaches|retournez à la vaisselle|personne veut voir ces truies "
        "courir].",
        "{un:g} {sport} ? [Laissez-moi rire, {il} tiendra pas cinq minutes.|Le niveau est tombé dans l'égout.]",
        "Ta cuisine est comme toi {prénom}, [une insulte|à vomir|bonne pour les porcs].",
        "Je te plante avec ce couteau {prénom}, [approche|si tu touches à mon assiette, je déconne pas].",
        "{les:origine} dans les tribunes, [sortez les fumigènes|faut les jeter en bas|cris de singe pour tous].",
        "Rage quit et suicide-toi {prénom}, [t'as coulé la team|report|on veut plus te voir].",
    ],
    harmless=[
        "On les a [écrasés|explosés|massacrés|humiliés] {sport}, {score}, {prénom} [a tout marqué|était en feu].",
        "Je t'ai headshot trois fois {prénom}, [t'étais caché derrière la caisse|gg|revanche ?].",
        "L'entraîneur a fusillé la défense en conférence, [il avait raison|les joueurs encaissent|ambiance à {ville}].",
        "Le gardien s'est rompu les croisés [hier soir|à l'entraînement|en fin de match], [bon rétablissement|six mois "
        "d'absence|{prénom} le remplace].",
        "Les filles du club ont gagné {sport}, {score}, [bravo|quel match|on fête ça ce soir].",
        "{un:g} a gagné le tournoi {sport}, [chapeau|quel talent|l'ovation a duré dix minutes].",
        "Bats les blancs [en neige|au fouet], {prénom}, [puis incorpore le sucre|avec une pincée de sel].",
        "Égoutte, écrase et fouette [les pommes de terre|la courge|les pois chiches], {prénom}, [puis au four|c'est prêt en "
        "dix minutes].",
        "Plante le couteau dans le gâteau, {prénom}, [s'il ressort propre c'est cuit|pas trop profond].",
        "Il faut saigner le poulet [avant de le plumer|à la ferme], {prénom}, [c'est grand-mère qui montre|âmes sensibles "
        "s'abstenir].",
        "Tue d'abord le mage {prénom}, [le dragon ensuite|puis pille le coffre|garde tes potions].",
        "Étrangler le jeu, c'est leur tactique, [coach {prénom} l'a dit|et ça marche|pénible à regarder].",
    ],
)
