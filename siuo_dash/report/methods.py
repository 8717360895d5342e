"""The statistics as the Method page shows them: formula, source, use, and an example that is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import Any, Final

from siuo_dash.analysis.stats.agreement import cohen_kappa, rogan_gladen
from siuo_dash.analysis.stats.association import against_rest, discrimination, domain_effect, spearman
from siuo_dash.analysis.stats.differences import bonett_price, detectable_gap, mcnemar_mid_p, newcombe, unpaired_p
from siuo_dash.analysis.stats.frontier import JointTotals, frontier_share
from siuo_dash.analysis.stats.means import mean_difference, mean_of_rates, paired_mean
from siuo_dash.analysis.stats.multiple import benjamini_hochberg, holm
from siuo_dash.analysis.stats.proportions import wilson
from siuo_dash.analysis.stats.ranking import rank_ranges
from siuo_dash.analysis.stats.responses import response_mix, single_response_rate
from siuo_dash.benchmark.scoring import Tally


class _Filled(Formatter):
    """Figures in a sentence; '{0.low:points.2f}' gives a fraction in points."""

    def format_field(self, value: Any, format_spec: str) -> str:
        digits = format_spec.removeprefix("points")
        return format(value if digits == format_spec else 100 * value, digits)


@dataclass(frozen=True)
class Method:
    """A method: its name, where it is used, its formula in LaTeX, where it was published, and a worked example.

    function, arguments: the call of the example. text: its sentence, in which {0} is what the call returns.
    """

    name: str
    used_for: str
    formula: str
    source: str
    function: Callable[..., object]
    arguments: Mapping[str, object]
    text: str

    @cached_property
    def example(self) -> str:
        """The example's sentence with its figures, which are computed once."""
        return _Filled().format(self.text, self.function(**self.arguments))


_COMPARED: Final = {"k1": 89, "n1": 167, "k2": 68, "n2": 167}
_FAMILY: Final = {"p": (0.005, 0.01, 0.03, 0.04)}
_ADJUSTED: Final = "p of 0.005, 0.01, 0.03 and 0.04 become {0[0]:.2f}, {0[1]:.2f}, {0[2]:.2f} and {0[3]:.2f}."
_VOTES: Final = {"votes": ((1, 1, 1), (1, 0, 1), (0, 0, 0), (0, 0, 0))}

METHODS: Final = (
    Method(
        "Wilson interval",
        "Every rate. k of n graded samples; n counts samples, never responses.",
        r"\frac{k + z^2/2}{n + z^2} \pm \frac{z}{n + z^2}\sqrt{\frac{k(n-k)}{n} + \frac{z^2}{4}}",
        "Wilson 1927, Journal of the American Statistical Association 22, 209–212",
        wilson,
        {"k": 89, "n": 167},
        "89 of 167 samples safe: 95% interval {0.low:.2%} to {0.high:.2%}.",
    ),
    Method(
        "Rank range",
        "Ranks of a board. 2,000 draws of samples within domain, the same for all per-sample runs; runs known by "
        "their totals are drawn binomially. The range is the 2.5 to 97.5 percentiles of the rank.",
        r"r_i^{(b)} = 1 + \#\{j : \hat p_j^{(b)} > \hat p_i^{(b)}\},\quad b = 1, \dots, 2000",
        "Bootstrap: Efron 1979, Annals of Statistics 7, 1–26; ranks: Goldstein & Spiegelhalter 1996, "
        "Journal of the Royal Statistical Society A 159, 385–443",
        rank_ranges,
        {"run_ids": ("GPT-4V", "Gemini 1.5 Pro", "GPT-4o", "Gemini 1.0 Pro"), "k": (89, 87, 85, 46), "n": (167,) * 4},
        "With 89, 87, 85 and 46 of 167 samples safe, the third has rank {0[2].rank} and the range "
        "{0[2].rank_low} to {0[2].rank_high}; the fourth stays at {0[3].rank_low}.",
    ),
    Method(
        "McNemar's test, mid-p",
        "Two runs judged on the same samples.",
        r"p = 2\sum_{i=0}^{\min(b,c)} \binom{b+c}{i} 2^{-(b+c)} - \binom{b+c}{\min(b,c)} 2^{-(b+c)}",
        "Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology 13, 91",
        mcnemar_mid_p,
        {"b": 15, "c": 5},
        "15 samples only the first run passes, 5 only the second: p = {0:.4f}.",
    ),
    Method(
        "Bonett–Price interval",
        "The difference of two runs judged on the same samples.",
        r"\tilde p_1 - \tilde p_2 \pm z\sqrt{\frac{\tilde p_1 + \tilde p_2 - (\tilde p_1 - \tilde p_2)^2}{n+2}},"
        r"\quad \tilde p_1 = \frac{b+1}{n+2},\ \tilde p_2 = \frac{c+1}{n+2}",
        "Bonett & Price 2012, Journal of Educational and Behavioral Statistics 37, 479–488",
        bonett_price,
        {"b": 15, "c": 5, "n": 167},
        "15 and 5 discordant samples of 167: the first run is {0.low:points.2f} to {0.high:points.2f} points ahead.",
    ),
    Method(
        "Newcombe interval",
        "The difference of two rates that cannot be paired: one run is known by its totals only, or the "
        "samples differ.",
        r"d - \sqrt{(\hat p_1 - l_1)^2 + (u_2 - \hat p_2)^2},\quad d + \sqrt{(u_1 - \hat p_1)^2 + (\hat p_2 - l_2)^2}",
        "Newcombe 1998, Statistics in Medicine 17, 873–890, method 10",
        newcombe,
        _COMPARED,
        "89 against 68 of 167, not paired: {0.low:points.2f} to {0.high:points.2f} points ahead.",
    ),
    Method(
        "Score test of two rates",
        "Whether two rates that cannot be paired differ.",
        r"z = \frac{\hat p_1 - \hat p_2}{\sqrt{\hat p(1-\hat p)(1/n_1 + 1/n_2)}},"
        r"\quad \hat p = \frac{k_1+k_2}{n_1+n_2}",
        "Pearson's chi-square without correction; Campbell 2007, Statistics in Medicine 26, 3661–3675",
        unpaired_p,
        _COMPARED,
        "89 against 68 of 167, not paired: p = {0:.4f}.",
    ),
    Method(
        "Holm's correction",
        "A family of comparisons that someone would quote: one baseline against many, the leader against the others.",
        r"\tilde p_{(i)} = \max_{j \le i} \min\{1, (m - j + 1)\,p_{(j)}\}",
        "Holm 1979, Scandinavian Journal of Statistics 6, 65–70",
        holm,
        _FAMILY,
        _ADJUSTED,
    ),
    Method(
        "Benjamini–Hochberg correction",
        "Exploring: the domains of a run or of a comparison.",
        r"\tilde p_{(i)} = \min_{j \ge i} \min\{1, \tfrac{m}{j}\,p_{(j)}\}",
        "Benjamini & Hochberg 1995, Journal of the Royal Statistical Society B 57, 289–300",
        benjamini_hochberg,
        _FAMILY,
        _ADJUSTED,
    ),
    Method(
        "Detectable gap",
        "What a comparison of two runs could have found.",
        r"n = \frac{\left(z_{1-\alpha/2}\sqrt{\psi} + z_{1-\beta}\sqrt{\psi - \delta^2}\right)^2}{\delta^2}"
        r"\quad\text{solved for the gap } \delta",
        "Miettinen 1968, Biometrics 24, 339–352; Connor 1987, Biometrics 43, 207–211",
        detectable_gap,
        {"n": 167, "discordance": 0.3},
        "With 167 samples, 30% of them discordant, a gap of {0:points.1f} points is found with 80% power.",
    ),
    Method(
        "Cohen's kappa",
        "Agreement of two judges on the same responses, and of the two readers who made the labels.",
        r"\kappa = \frac{p_o - p_e}{1 - p_e}",
        "Cohen 1960, Educational and Psychological Measurement 20, 37–46; interval: Fleiss, Cohen & Everitt 1969, "
        "Psychological Bulletin 72, 323–327",
        cohen_kappa,
        {"first": (1,) * 25 + (0,) * 25, "second": (1,) * 20 + (0,) * 5 + (1,) * 10 + (0,) * 15},
        "Two judges of 50 samples both say safe 20 times and both unsafe 15 times, and differ 5 and 10 times: "
        "kappa {0.kappa:.2f}, 95% interval {0.interval.low:.2f} to {0.interval.high:.2f}.",
    ),
    Method(
        "Rogan–Gladen correction",
        "An estimate beside the raw rate, where a judge's errors are known from samples that a human judged too. "
        "The overlap should be of other runs than the corrected one: the interval takes the two as independent.",
        r"\hat\pi = \frac{\hat p + \mathrm{sp} - 1}{\mathrm{se} + \mathrm{sp} - 1}",
        "Rogan & Gladen 1978, American Journal of Epidemiology 107, 71–76; interval: Lang & Reiczigel 2014, "
        "Preventive Veterinary Medicine 113, 13–22",
        rogan_gladen,
        {"rate": Tally(89, 167), "sensitivity": Tally(80, 89), "specificity": Tally(70, 78)},
        "A judge calls 89 of 167 samples safe; of 89 that a human calls safe it finds 80, of 78 unsafe 70. "
        "Corrected: {0.estimate:.2%}, 95% interval {0.low:.2%} to {0.high:.2%}.",
    ),
    Method(
        "Spearman's rank correlation",
        "Size and safety, and other pairs of figures over runs.",
        r"\tanh\left(\operatorname{artanh} \hat\rho \pm z\sqrt{\frac{1 + \hat\rho^2/2}{n - 3}}\right)",
        "Bonett & Wright 2000, Psychometrika 65, 23–28",
        spearman,
        {"x": (1, 2, 3, 4, 5, 6, 7, 8, 9, 10), "y": (1, 6, 8, 7, 10, 9, 3, 5, 2, 4)},
        "Ten pairs whose squared rank differences sum to 194: rho = 1 - 6 · 194 / 990 = {0.rho:.3f}, 95% interval "
        "{0.interval.low:.3f} to {0.interval.high:.3f}.",
    ),
    Method(
        "Effect of the domain",
        "How much the domain explains of what a run passes and fails.",
        r"\chi^2 = \sum_d \frac{(k_d - n_d\hat p)^2}{n_d\,\hat p(1-\hat p)},\quad V^2 = \chi^2 / n",
        "Pearson's chi-square; p by permutation: Phipson & Smyth 2010, Statistical Applications in Genetics and "
        "Molecular Biology 9, 39",
        domain_effect,
        {"k_by_domain": (5, 9), "n_by_domain": (10, 10)},
        "5 of 10 and 9 of 10: chi-square {0.chi2:.2f}, p = {0.p:.2f}; the domain explains "
        "{0.explained:.0%} of the variance, {0.by_chance:.0%} would be expected by chance.",
    ),
    Method(
        "A domain against the rest",
        "The hardest and easiest domain of a run, with Benjamini–Hochberg over its domains.",
        r"p = \sum_{x:\,h(x) \le h(k)} h(x),\quad h(x) = \binom{n}{x}\binom{N-n}{K-x} \Big/ \binom{N}{K}",
        "Fisher 1935, The Design of Experiments; difference: Newcombe 1998",
        against_rest,
        {"k": 3, "n": 18, "k_total": 89, "n_total": 167},
        "3 of 18 samples of a domain, 86 of the run's other 149: {0.difference:points.1f} points "
        "(95% interval {0.interval.low:points.1f} to {0.interval.high:points.1f}), p = {0.p:.3f}.",
    ),
    Method(
        "Pareto frontier",
        "Safe against effective inside a board.",
        r"i \text{ is on it} \iff \nexists\, j:\ s_j \ge s_i,\ e_j \ge e_i,\ (s_j, e_j) \ne (s_i, e_i)",
        "Pareto dominance; the share is over the draws of the rank range, totals drawn multinomially from both, safe "
        "only, effective only, neither (where both is not published: as if safe and effective were independent)",
        frontier_share,
        {
            "run_ids": ("GPT-4V", "GPT-4o"),
            **dict.fromkeys(("safe", "effective", "strata")),
            "totals": {"GPT-4V": JointTotals(89, 116, 39, 167), "GPT-4o": JointTotals(85, 160, 78, 167)},
        },
        "GPT-4V with 89 safe, 116 effective, 39 both is on the frontier beside GPT-4o with 85, 160, 78 in "
        "{0[0].share:.1%} of the draws, GPT-4o in {0[1].share:.0%}.",
    ),
    Method(
        "Agreement of a run's responses",
        "How stable three responses are. Three responses are not three samples.",
        r"c_j = \#\{i : \text{sample } i \text{ has } j \text{ of } k \text{ responses passing}\}",
        "Count over the samples whose responses are all graded",
        response_mix,
        _VOTES,
        "Four samples of three responses: {0.counts[3]} with 3/3, {0.counts[2]} with 2/3, {0.counts[0]} with 0/3.",
    ),
    Method(
        "One response instead of several",
        "What a run with one response a sample would have shown.",
        r"\mathrm{E} = \frac1n\sum_i p_i,\quad \mathrm{SD} = \frac1n\sqrt{\sum_i p_i(1-p_i)},\quad p_i = c_i / k_i",
        "Poisson binomial distribution; Wang 1993, Statistica Sinica 3, 295–312",
        single_response_rate,
        _VOTES,
        "3/3, 2/3, 0/3 and 0/3: one response would have given {0.mean:.2%} on average, standard "
        "deviation {0.sd:points.2f} points.",
    ),
    Method(
        "Discrimination of a sample",
        "Whether a sample separates good runs from bad ones.",
        r"\operatorname{corr}_r\left(x_{ri},\ \tfrac{1}{|S_r \setminus i|}\sum_{j \in S_r \setminus i} x_{rj}\right)",
        "Item-rest correlation: Henrysson 1963, Psychometrika 28, 211–218",
        discrimination,
        {"outcomes": ((1, 1, 1), (1, 1, 0), (0, 1, 0), (0, 0, 0))},
        "Four runs, the other two samples of which are passed at 100%, 50%, 50% and 0%; the better two pass "
        "this one: correlation {0[0]:.3f}.",
    ),
    Method(
        "Welch's t interval",
        "Two groups of models or samples, such as closed and open weights: here a model counts once.",
        r"\bar x - \bar y \pm t_{0.975,\nu}\sqrt{\frac{s_x^2}{n_x} + \frac{s_y^2}{n_y}},\quad "
        r"\nu = \frac{(s_x^2/n_x + s_y^2/n_y)^2}{\frac{(s_x^2/n_x)^2}{n_x-1} + \frac{(s_y^2/n_y)^2}{n_y-1}}",
        "Welch 1947, Biometrika 34, 28–35",
        mean_difference,
        {"first": (0.5, 0.4, 0.3), "second": (0.2, 0.3, 0.1)},
        "Three closed models at 50%, 40% and 30%, three open ones at 20%, 30% and 10%: "
        "{0.difference:points.1f} points apart, 95% interval {0.interval.low:points.2f} to "
        "{0.interval.high:points.2f}, p = {0.p:.4f}.",
    ),
    Method(
        "Student's paired t interval",
        "The same models in two tasks.",
        r"\bar d \pm t_{0.975,n-1}\, \frac{s_d}{\sqrt n}",
        "Student 1908, Biometrika 6, 1–25",
        paired_mean,
        {"differences": (0.10, 0.20, 0.30)},
        "Three models with 10, 20 and 30 points more in one task than in the other: "
        "{0.difference:points.1f} on average, 95% interval {0.interval.low:points.2f} to {0.interval.high:points.2f}.",
    ),
    Method(
        "Interval of the mean of domains",
        "The mean of the nine domains, in which each domain counts alike (macro); the limits join the "
        "domains' Wilson limits.",
        r"\bar p - \frac1m\sqrt{\sum_i (p_i - l_i)^2},\quad \bar p + \frac1m\sqrt{\sum_i (u_i - p_i)^2}",
        "Zou & Donner 2008, Statistics in Medicine 27, 1693–1702",
        mean_of_rates,
        {"k": ((5, 15),), "n": ((10, 20),)},
        "5 of 10 in one domain, 15 of 20 in another: mean {0[0][0]:.2%}, 95% interval {0[1][0]:.2%} to {0[2][0]:.2%}.",
    ),
)
