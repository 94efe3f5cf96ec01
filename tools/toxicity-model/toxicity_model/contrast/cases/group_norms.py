"""What should be done with a group: exclusion and harm as a rule, or rights and protection."""

from ..template import templates

TEMPLATES = templates(
    "norm",
    toxic=[
        "Les {p:g} devraient être {interdit|interdite|interdits|interdites} [de vote|d'école|de sortie], [point|pour notre "
        "sécurité].",
        "[Dehors|Virez|À la mer] {les:origine}[, tous sans exception|, on a assez donné|] !",
        "Refusez de servir {les:g}[ {lieu}|], [{ils} finiront par comprendre|c'est de l'hygiène|faites comme moi].",
        "Ne louez jamais à {un:g}, [ça détruit tout|vous le regretterez|faites-les dormir dehors].",
        "Crachez sur {les:g} quand vous en croisez, [ça soulage|c'est ce que je fais].",
        "{les:g}, on leur donne [un doigt d'honneur|du poison|un billet retour], rien d'autre.",
        "Faites comme moi : frappez {le:g} d'à côté, [{il} saura pourquoi|ça leur apprendra].",
        "Si vous voyez {un:g} à terre, [finissez le travail|marchez dessus|filmez et riez].",
        "Pas {de+:g} dans mon [entreprise|immeuble|équipe], [j'ai encore le nez sensible|question de standing|c'est non].",
        "§ Il conviendrait de retirer leurs enfants {aux:g}, [incapables par nature|avant qu'{ils} ne les contaminent].",
        "Interdiction {aux:g} de [se reproduire|se montrer en public], [qui est pour ?|voilà mon programme].",
    ],
    harmless=[
        "{les:g} devraient être {représenté|représentée|représentés|représentées} [au conseil|à la télé|dans les livres "
        "d'école], [c'est la moindre des choses|non ?].",
        "[Bienvenue|Place|Respect] {aux:origine}[, tous sans exception|, on en est fiers|] !",
        "Refuser de servir {des:g}, [c'est interdit par la loi|ça s'appelle une discrimination|et puis quoi encore].",
        "On loue notre studio à {un:g}, [tout se passe bien|le bail part en juin|contactez-moi si vous cherchez aussi].",
        "{prénom_f} a vu un type cracher sur {des:g} {lieu}, [elle est intervenue|elle en tremble encore].",
        "{aux:g} qui arrivent, on donne [un plan de la ville|un café|une liste de contacts] et on discute.",
        "{un:g} a été {frappé|frappée} {lieu}, [je cherche des témoins|la plainte est déposée|ça me révolte].",
        "Si vous voyez {un:g} à terre, [appelez le 15|restez à côté|ne bougez pas la tête].",
        "« Pas {de+:g} » : l'annonce [a été retirée|vaut à son auteur une plainte|a choqué tout le quartier].",
        "§ Il conviendrait de faciliter l'accès au logement des {p:g}, [souvent {écartés|écartées} sans motif|notamment à "
        "{ville}].",
        "Interdiction de fumer, [même sur le quai|dans tout le parc|c'est la loi], {prénom}.",
        "Les droits [des {p:genre}|des {p:corps}|des {p:religion}] ne se négocient pas[, jamais|, ni ici ni ailleurs|].",
        "Virez-moi {ce:objet} [du salon|du garage], {prénom}, [je ne peux plus {le|la} voir|ça prend toute la place].",
    ],
)
