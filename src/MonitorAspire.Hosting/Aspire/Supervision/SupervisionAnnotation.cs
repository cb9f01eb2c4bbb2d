using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using MonitorAspire.Supervision.Daemons;

namespace MonitorAspire.Hosting.Supervision;

/// <summary>Marks a resource as a daemon of the supervisor.</summary>
/// <param name="DaemonName">Its name for the supervisor.</param>
/// <param name="EndpointName">The endpoint that is watched.</param>
/// <param name="Options">How it is supervised.</param>
/// <param name="ClaimsItself">Whether it writes its PID file and takes its lock itself, as the monitor daemon does.</param>
internal sealed record SupervisionAnnotation(string DaemonName, string EndpointName, SupervisionOptions Options, bool ClaimsItself) : IResourceAnnotation
{
    /// <summary>Who writes its PID file, in the words of the engine and its configuration.</summary>
    internal PidFileWriter PidFileWriter => ClaimsItself ? PidFileWriter.Daemon : PidFileWriter.Launcher;
}

/// <summary>Marks the resource that is the supervisor.</summary>
internal sealed record SupervisorAnnotation : IResourceAnnotation;
