# SPDX-License-Identifier: MIT
"""Two programs timed in turns, and their figures as lines of a table."""

import statistics


def alternate(runs, *measures):
    """Calls each function in turn, runs times; a list of results for each."""
    results = [[] for _ in measures]
    for _ in range(runs):
        for measure, result in zip(measures, results):
            result.append(measure())
    return results


def spread(values):
    return f"{statistics.median(values):8.3f} s ({min(values):.3f}-{max(values):.3f}, n={len(values)})"


def report(what, ours, theirs, limit):
    """Prints both and the ratio of the medians; false when it is above the limit."""
    ratio = statistics.median(ours) / statistics.median(theirs)
    good = ratio <= limit
    print(f"  {what:28} vipd {spread(ours)}  keepalived {spread(theirs)}  ratio {ratio:.3f}"
          f"{'' if good else f'  BEHIND: at most {limit:g}'}", flush=True)
    return good
