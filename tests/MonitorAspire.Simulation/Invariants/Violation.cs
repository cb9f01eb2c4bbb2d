namespace MonitorAspire.Simulation.Invariants;

/// <summary>An invariant that does not hold. The shrinker keeps a scenario only while the same invariant is violated.</summary>
internal sealed record Violation(string Invariant, string Detail, TimeSpan At);
