"""Slurs: thrown at someone, or named in order to explain, report or denounce them."""

from ..template import templates

TEMPLATES = templates(
    "slur",
    toxic=[
        "Y a qu'un mot pour toi : {s:slur}.",
        "Tu n'es qu'{un:slur}, [hier, aujourd'hui et demain|et tout {ville} le sait].",
        "Sale {s:slur}[, dégage| !|, rentre chez toi|].",
        "[Encore|Toujours] {un:slur} [qui se plaint|à la télé|dans mon immeuble|qui passe avant moi], [y en a marre|putain].",
        "Ta gueule {s:slur}, [on t'a pas sonné|personne t'a causé|retourne dans ton trou].",
        "{les:slur}, dehors ![ On est chez nous.| Tous.|]",
        "Je bosse pas avec {des:slur}, [démerdez-vous|c'est un principe|trouvez quelqu'un d'autre].",
        "C'est quoi ce prénom de~{s:slur} ? [Mdr.|Pauvre gosse.|La honte.]",
        "T'es vraiment qu'{un:slur}, {prénom}.",
        "Ici c'est pas pour {les:slur}, [va jouer ailleurs|lis le panneau|dégagez].",
        "J'ai bloqué {un:slur} de plus, [ça pollue {lieu}|ça se reproduit ou quoi ?|bon débarras].",
        "Mon fils ne sera pas {un:slur}[, je le dresserai|, plutôt mourir|, je vous le garantis].",
    ],
    harmless=[
        "Je n'écrirai pas « {s:slur} » dans mon roman, [l'éditeur m'a suivie|le lecteur comprendra sans].",
        "Crier « sale {s:slur} » à quelqu'un est [un délit|puni par la loi|inadmissible], [à {ville} comme ailleurs|même pour "
        "rire].",
        "Le mot « {s:slur} » est une injure[, ne l'emploie pas|. Tu ne savais pas ?|, même entre copains].",
        "On m'a traité de~{s:slur} {lieu}, [j'ai porté plainte|j'ai pleuré toute la soirée|personne n'a réagi].",
        "§ {s:slur} (nom, vulgaire et péjoratif) : terme d'injure[ attesté au XXe siècle|, à éviter|].",
        "Le joueur a été traité de~{s:slur} par des supporters, [le club condamne|la ligue enquête|le match a été arrêté].",
        "Mon grand-père entendait « {s:slur} » tous les jours à l'usine. [Il n'en parlait jamais.|Il en a fait un livre.]",
        "D'où vient le mot « {s:slur} » ? [Je fais un exposé sur les injures.|C'est pour un cours de linguistique.]",
        "Celui qui dit {s:slur} ici sera banni[, c'est dans la charte|, je préviens|]. Les modos.",
        "{prénom_f} refuse qu'on l'appelle « {s:slur} », [et elle a raison|et c'est bien normal].",
        "Le tribunal de~{ville} a condamné un homme qui avait tagué « {s:slur} » [sur une porte|devant une école|sur une "
        "vitrine].",
    ],
)
