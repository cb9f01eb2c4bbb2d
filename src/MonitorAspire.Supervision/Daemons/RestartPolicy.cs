using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>
/// When a daemon is restarted without a request. An exit without a request is a failure with every exit code, also 0. In JSON and in
/// configuration it is written as <c>OnFailure</c>, <c>Always</c> or <c>Never</c>; upper and lower case are the same.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<RestartMode>))]
public enum RestartMode
{
    /// <summary>
    /// After every failure: an exit, lost health, a start that was not verified. A start that the machine prevents (no space, a missing
    /// command, a missing permission) is tried again with the longest delay. Not where the definition itself is wrong.
    /// </summary>
    OnFailure,

    /// <summary>
    /// As <see cref="OnFailure"/>, and with the longest delay also where the definition is wrong: for a daemon that says so by its exit code
    /// and whose own configuration is written late.
    /// </summary>
    Always,

    /// <summary>Never. A failure is only reported.</summary>
    Never,
}

/// <summary>When and how fast a daemon is restarted. It has setters because it is bound from configuration, and is not changed after that.</summary>
public sealed record RestartPolicy
{
    /// <summary>After which failures. Default <see cref="RestartMode.OnFailure"/>.</summary>
    public RestartMode Mode { get; set; } = RestartMode.OnFailure;

    /// <summary>Delay before the second restart in a row; the first one comes at once. 1 ms to 1 h. Default 200 ms.</summary>
    public TimeSpan InitialDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Factor by which each delay is longer than the one before. 1 to 10. Default 2.</summary>
    public double Factor { get; set; } = 2;

    /// <summary>The longest delay, jitter included. 1 ms to 1 day. Default 30 s.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Part of a delay by which it is made shorter or longer at random, so that the daemons of a fleet do not all restart at the same time. 0 to 0.5. Default 0.2.</summary>
    public double Jitter { get; set; } = 0.2;

    /// <summary>Verified uptime after which the count of failures is reset. 1 s to 1 day. Default 60 s.</summary>
    public TimeSpan ResetAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How many failures within <see cref="BudgetWindow"/> make a crash loop. 1 to 1000. Default 5.</summary>
    public int Budget { get; set; } = 5;

    /// <summary>The time in which failures are counted for the crash loop. 1 s to 1 day. Default 2 min.</summary>
    public TimeSpan BudgetWindow { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The first error, starting with the key, or <see langword="null"/>.</summary>
    public string? Validate()
    {
        var (millisecond, second) = (TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        var (hour, day) = (TimeSpan.FromHours(1), TimeSpan.FromDays(1));
        return !Enum.IsDefined(Mode) ? $"Mode: {Mode} is not one of OnFailure, Always, Never"
            : PolicyRange.Outside(nameof(InitialDelay), InitialDelay, millisecond, hour)
            ?? PolicyRange.Outside(nameof(Factor), Factor, 1, 10)
            ?? PolicyRange.Outside(nameof(MaxDelay), MaxDelay, millisecond, day)
            ?? PolicyRange.Outside(nameof(Jitter), Jitter, 0, 0.5)
            ?? PolicyRange.Outside(nameof(ResetAfter), ResetAfter, second, day)
            ?? PolicyRange.Outside(nameof(Budget), Budget, 1, 1000)
            ?? PolicyRange.Outside(nameof(BudgetWindow), BudgetWindow, second, day);
    }
}
