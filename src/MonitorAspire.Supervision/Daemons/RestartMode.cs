using System.Text.Json.Serialization;

namespace MonitorAspire.Supervision.Daemons;

/// <summary>
/// When a daemon is started again without anybody asking. An end that nobody asked for is a failure whatever its exit code
/// was, zero included: a server that leaves is not serving. Written the same in JSON and in configuration: <c>OnFailure</c>,
/// <c>Always</c>, <c>Never</c>, in any case.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<RestartMode>))]
public enum RestartMode
{
    /// <summary>
    /// After every failure that another try can mend: an exit, lost health, a start that was not verified. A missing command,
    /// a bad configuration and a missing permission wait for a person.
    /// </summary>
    OnFailure,

    /// <summary>
    /// As <see cref="OnFailure"/>, and also after what another try cannot mend, then only at the longest delay: for a command
    /// that is still being installed, or a mount that comes late.
    /// </summary>
    Always,

    /// <summary>Never: a failure is reported, and the daemon is left as it is.</summary>
    Never,
}
