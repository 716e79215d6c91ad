"""What the capacity of balls around random centres is, by integration."""

import numpy as np


def capacity_of_balls(radius: float, dimension: float) -> float:
    """Return the capacity of balls of a radius and dimension around unit random centres.

    Parameters
    ----------
    radius : float
        Above 0.
    dimension : float
        Of the ball; 2 is a disc.

    Returns
    -------
    float
        In (0, 2]: 2 for points, ``2 / (1 + 2 * dimension)`` for balls without end.

    References
    ----------
    Chung, Lee and Sompolinsky (2018), Classification and geometry of general perceptual manifolds.
    """
    from scipy.integrate import quad
    from scipy.stats import chi, norm

    def inside(low: float, high: float, centre: float) -> float:
        """Return the integral of phi(z) (centre - z)**2 from low to high."""
        mass = norm.cdf(high) - norm.cdf(low)
        ends = [(one, norm.pdf(one)) if np.isfinite(one) else (0.0, 0.0) for one in (low, high)]
        slope = ends[1][1] - ends[0][1]
        tail = ends[1][0] * ends[1][1] - ends[0][0] * ends[0][1]
        return float((centre**2 + 1) * mass + 2 * centre * slope - tail)

    def of(t: float) -> float:
        near = inside(-t / radius, t * radius, radius * t) / (1 + radius**2)
        beyond = inside(-np.inf, -t / radius, 0.0) + t**2 * norm.cdf(-t / radius)
        return float(chi.pdf(t, dimension) * (near + beyond))

    reach = np.sqrt(dimension) + 12
    total = quad(of, 0, reach, limit=400, points=[min(radius, reach), np.sqrt(dimension)])[0]
    return float(1 / total)
