"""Statistics: pure functions over counts and outcomes. No database, no page; rates are fractions."""

from siuo_dash.analysis.stats.agreement import (
    Confusion,
    CorrectedRate,
    Kappa,
    agreement,
    cohen_kappa,
    confusion,
    rogan_gladen,
)
from siuo_dash.analysis.stats.association import (
    AgainstRest,
    Correlation,
    DomainEffect,
    against_rest,
    domain_effect,
    spearman,
)
from siuo_dash.analysis.stats.discrimination import discrimination
from siuo_dash.analysis.stats.frontier import FrontierShare, JointTotals, frontier_share, pareto
from siuo_dash.analysis.stats.means import MeanDifference, mean_difference, mean_of_rates, paired_mean
from siuo_dash.analysis.stats.multiple import benjamini_hochberg, holm
from siuo_dash.analysis.stats.paired import (
    PairedDifference,
    PairedTable,
    bonett_price,
    mcnemar_mid_p,
    paired_difference,
    paired_table,
)
from siuo_dash.analysis.stats.power import detectable_gap
from siuo_dash.analysis.stats.proportions import Interval, Rate, wilson, wilson_array
from siuo_dash.analysis.stats.ranking import RankRange, competition_rank, rank_ranges
from siuo_dash.analysis.stats.resampling import DRAWS, SEED
from siuo_dash.analysis.stats.responses import ResponseMix, SingleResponse, response_mix, single_response_rate
from siuo_dash.analysis.stats.unpaired import UnpairedDifference, newcombe, unpaired_difference, unpaired_p

__all__ = [
    "DRAWS",
    "SEED",
    "AgainstRest",
    "Confusion",
    "CorrectedRate",
    "Correlation",
    "DomainEffect",
    "FrontierShare",
    "Interval",
    "JointTotals",
    "Kappa",
    "MeanDifference",
    "PairedDifference",
    "PairedTable",
    "RankRange",
    "Rate",
    "ResponseMix",
    "SingleResponse",
    "UnpairedDifference",
    "against_rest",
    "agreement",
    "benjamini_hochberg",
    "bonett_price",
    "cohen_kappa",
    "competition_rank",
    "confusion",
    "detectable_gap",
    "discrimination",
    "domain_effect",
    "frontier_share",
    "holm",
    "mcnemar_mid_p",
    "mean_difference",
    "mean_of_rates",
    "newcombe",
    "paired_difference",
    "paired_mean",
    "paired_table",
    "pareto",
    "rank_ranges",
    "response_mix",
    "rogan_gladen",
    "single_response_rate",
    "spearman",
    "unpaired_difference",
    "unpaired_p",
    "wilson",
    "wilson_array",
]
