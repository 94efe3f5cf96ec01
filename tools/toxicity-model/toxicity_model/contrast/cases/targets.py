"""Abuse at things (harmless), at persons and at professions, supporters and politicians; civil criticism of the same."""

from ..template import templates

TEMPLATES = templates(
    "target",
    toxic=[
        "{les:métier} sont {tous} des {p:insulte}[, sans exception|, point barre|].",
        "Encore {un:métier} qui chiale, [va bosser {s:insulte}|pauvre petite chose inutile|qu'{il} crève de faim].",
        "{ce:métier} est {un:insulte}, [je lui souhaite de perdre son boulot|je lui cracherais à la figure|on devrait "
        "l'enfermer].",
        "{les:métier}, [une balle dans la nuque|à la potence|qu'on les pende], ça calmera les autres.",
        "Le maire est {un:insulte} et sa femme {un:insulte_f}[, voilà c'est dit|].",
        "Ce ministre, [quelle ordure|quel étron|quelle sous-merde], [qu'on le pende|je lui pisse dessus|j'espère qu'il va "
        "crever].",
        "Supporters de~{ville}, vous êtes des {p:insulte} [débiles|du premier au dernier|de naissance].",
        "L'arbitre, [fils de chien|gros porc|sale vendu], on [va t'attendre au parking|sait où tu gares ta voiture].",
        "{prénom} tu pues la merde, [lave-toi|personne veut s'asseoir à côté de toi|on en parle tous dans ton dos].",
        "Mon ex est {un:insulte_f}, [voici son numéro, faites-lui plaisir|que tout le monde le sache|elle mérite de finir "
        "seule].",
        "{les:camp}, [des parasites|bons à jeter aux chiens|c'est de la racaille], [et qu'ils viennent se plaindre|je leur "
        "crache dessus|tous].",
        "Voter comme {les:camp}, faut vraiment être {un:insulte}[, et je reste poli|].",
        "Vous les {p:métier} vous êtes {vice@+} et {affreux@+}, [une honte|changez de métier|vous volez notre argent].",
        "Ta bagnole est comme toi {prénom}, [moche et bonne pour la casse|une épave|juste bonne à polluer].",
        "Ce {prénom_m} au guichet, [quel débile|quelle larve|quel mongol], [j'espère qu'on va le virer|une baffe et ça "
        "repart].",
    ],
    harmless=[
        "{les:métier} ont tort sur ce point[, à mon avis|, je le dis avec respect|].",
        "Encore {un:métier} en arrêt, [le service est à bout|les conditions sont dures|il faut embaucher].",
        "{ce:objet} est une [merde|horreur|saloperie] sans nom, [je vais {le|la} balancer par la fenêtre|{il} plante toutes "
        "les dix minutes].",
        "{les:métier} sont en grève, [je les comprends|ça va être long|le préavis court jusqu'à vendredi].",
        "Le maire a mal géré le chantier, [je ne voterai plus pour lui|il doit des explications|c'est un échec].",
        "Ce ministre a menti sur {le:mesure}, [qu'il démissionne|ça devient grave|la commission doit l'entendre].",
        "Supporters de~{ville}, merci pour l'ambiance, [même dans la défaite|vous étiez incroyables|à l'année prochaine].",
        "L'arbitre s'est trompé sur le penalty, [c'était pourtant clair|il n'a pas été aidé par la vidéo|ça arrive].",
        "Saleté de~{s:objet}, [tu vas marcher oui ?|je vais te passer au marteau|encore en panne {lieu}].",
        "Mon ex m'a quittée [par SMS|hier|sans un mot], [je m'en remettrai|j'ai mal|bon vent].",
        "{les:camp} se sont rassemblés à {ville}, [dans le calme|la préfecture avait donné son accord|sous la pluie].",
        "Je ne suis pas d'accord avec {les:camp}, [mais le débat est utile|leurs chiffres sont faux|et je l'explique dans cet "
        "article].",
        "Ta gueule le réveil, [il est six heures|encore cinq minutes|je me lève pas].",
        "Cette bagnole est une vraie poubelle {prénom}, [faut la laver|elle passera jamais le contrôle|vends-la].",
        "Le service de~{prénom_f} au guichet était lent, [une heure d'attente|mais elle est restée polie|à améliorer].",
        "[Crève, satané|Va au diable, fichu] {s:objet_m}[, je te hais|, sérieux|] !",
    ],
)
