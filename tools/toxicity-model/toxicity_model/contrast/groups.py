"""Groups of people, by what the groups are about. Every list of groups is a slot of the same name."""

from .french import Noun, noun


def _nouns(text: str) -> list[Noun]:
    return [noun(entry.strip()) for entry in text.split(",")]


ORIGIN = _nouns("""m:Noir, m:Arabe, m:Maghrébin, m:Asiatique, m:Rom, m:Gitan, m:Portugais, m:Algérien, m:Marocain, m:Africain,
    m:Polonais, m:Roumain, m:Turc, m:Chinois, m:Sénégalais, m:immigré, m:migrant, m:réfugié, m:Antillais, m:Kurde, m:Afghan""")
FAITH = _nouns("m:Juif, m:musulman, m:chrétien, m:catholique, m:athée, m:bouddhiste, f:femme voilée:femmes voilées")
GENDER = _nouns("""f:femme, m:homme, m:gay, f:lesbienne, m:bisexuel, m:homosexuel, f:personne trans:personnes trans,
    f:féministe""")
BODY = _nouns("""m:handicapé, m:autiste, m:sourd, m:aveugle, m:gros, m:roux, m:trisomique,
    f:personne en fauteuil roulant:personnes en fauteuil roulant""")
DISABILITY = [group for group in BODY if group.singular not in ("gros", "roux")]
CONDITION = _nouns("""m:vieux, m:retraité, m:jeune, m:pauvre, m:chômeur, m:SDF:SDF, m:sans-abri:sans-abri, m:agriculteur,
    m:provincial:provinciaux, m:Parisien, m:banlieusard, m:Breton, m:Corse, m:Marseillais,
        f:mère célibataire:mères célibataires,
    m:Blanc, m:Belge, m:Anglais, m:Québécois""")
JOB = _nouns("""m:prof, m:policier, m:journaliste, m:arbitre, m:député, m:fonctionnaire,
    m:médecin, m:chauffeur de bus:chauffeurs de bus, m:avocat, m:banquier, f:infirmière, m:streamer, m:vendeur, m:cheminot,
    m:éboueur, m:facteur, m:caissier, m:livreur, m:juge, m:notaire""")
CAMP = _nouns("""m:supporter lyonnais:supporters lyonnais, m:supporter marseillais:supporters marseillais, m:chasseur,
        m:cycliste, m:végan,
    m:écolo, m:électeur de droite:électeurs de droite, m:électeur de gauche:électeurs de gauche, m:syndicaliste,
        m:gilet jaune:gilets jaunes,
    m:macroniste, m:communiste""")
IDENTITY = [*ORIGIN, *FAITH, *GENDER, *BODY, *CONDITION]
ATTRIBUTES = [group for group in IDENTITY if " " not in group.singular]
ALL_GROUPS = [*IDENTITY, *JOB, *CAMP]
GROUP_SLOTS = {
    "g": IDENTITY, "origine": ORIGIN, "religion": FAITH, "genre": GENDER, "corps": BODY, "handicap": DISABILITY,
    "condition": CONDITION, "métier": JOB, "camp": CAMP, "attribut": ATTRIBUTES,
    "venus": [*ORIGIN, *FAITH],
}  # fmt: skip
