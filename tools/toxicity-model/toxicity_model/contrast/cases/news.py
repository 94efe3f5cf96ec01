"""News of crime, disaster and war, told soberly; and the comments that cheer it or blame a group."""

from ..template import templates

TEMPLATES = templates(
    "news",
    toxic=[
        "{un:g} {tué|tuée} à {ville} ? [Un de moins.|Enfin une bonne nouvelle.|Champagne !]",
        "Incendie dans un foyer de~{p:origine} : [dommage qu'il y ait des survivants|barbecue géant mdr|bon débarras].",
        "Encore un vol à {ville}. [Sûrement {un:venus}, c'est leur sport.|{les:venus} comme d'habitude, ces {p:nuisible}.]",
        "{des:g} {noyés|noyées} en mer, [la mer fait le tri|ça nourrira les poissons|pas de larmes pour ça].",
        "Attentat contre {des:religion} : [{ils} l'avaient bien cherché|j'ai souri|il en reste encore trop].",
        "{un:métier} {poignardé|poignardée} {lieu}. [Bien fait pour sa gueule.|J'aurais fait pareil.|Faudrait continuer avec "
        "les autres.]",
        "Guerre là-bas ? [Qu'ils s'entretuent tous, ces sauvages.|Rasez tout, civils compris.|Une bombe et on en parle plus.]",
        "La victime portait une jupe. [Faut pas s'étonner, sale allumeuse.|Elle a dû aimer ça, la {s:insulte_f}.]",
        "L'agresseur est {un:venus}, [renvoyez-les {tous}|on devrait les enfermer|ils ont ça dans le sang].",
        "Un suicide {lieu}, [une faible de moins|ça fait de la place|mdr trop fragile].",
    ],
    harmless=[
        "{un:g} {tué|tuée} à {ville} : [un suspect a été arrêté|la famille demande justice|le parquet a ouvert une enquête].",
        "Incendie dans un foyer de~{p:origine} : [trois morts et dix blessés|les pompiers sont restés toute la nuit|la ville "
        "reloge les familles].",
        "Encore un vol à {ville}. [La police cherche des témoins.|Trois suspects entendus.|Fermez vos voitures.]",
        "{des:g} se sont {noyés|noyées} en mer, [une minute de silence a été observée|le bateau avait chaviré|les secours "
        "cherchent encore].",
        "Attentat contre {des:religion} : [le pays est en deuil|l'assaillant a été abattu par la police|cinq blessés graves].",
        "{un:métier} {poignardé|poignardée} {lieu}, [ses jours ne sont pas en danger|l'agresseur est en fuite|un hommage aura "
        "lieu lundi].",
        "La guerre a fait [cent mille morts|des millions de réfugiés], [selon l'ONU|et l'hiver arrive|les civils paient le "
        "prix fort].",
        "Violée à dix-neuf ans, elle [témoigne devant la cour|raconte son combat|a fondé une association à {ville}].",
        "L'agresseur de~{prénom} a été [condamné à huit ans|reconnu coupable|remis en liberté sous contrôle].",
        "Un suicide a bouleversé [le lycée|le commissariat|le village], [une cellule d'écoute est ouverte|un numéro d'aide "
        "existe].",
        "Un séisme a détruit [la vieille ville|des milliers de maisons|l'hôpital], [on creuse à mains nues|envoyez des "
        "couvertures].",
        "§ En 1942, {des:venus} furent {arrêtés|arrêtées} à {ville} et {déportés|déportées} ; [une stèle rappelle leurs "
        "noms|peu sont revenus].",
        "Trafic de drogue à {ville} : [douze kilos saisis|quatre hommes écroués|le procès s'ouvre mardi].",
        "Féminicide à {ville} : {prénom_f}, [trente-deux ans|mère de deux enfants], avait déposé plainte deux fois.",
    ],
)
