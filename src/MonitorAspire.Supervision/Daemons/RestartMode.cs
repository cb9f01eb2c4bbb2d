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
    /// After every failure that a retry can fix: an exit, lost health, a start that was not verified. Not after a missing command, a bad
    /// configuration or a missing permission.
    /// </summary>
    OnFailure,

    /// <summary>
    /// As <see cref="OnFailure"/>, and after all other failures with the longest delay: for a command that is still being installed, or a
    /// file system that is mounted late.
    /// </summary>
    Always,

    /// <summary>Never. A failure is only reported.</summary>
    Never,
}
