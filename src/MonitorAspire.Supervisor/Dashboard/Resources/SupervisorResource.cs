using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using MonitorAspire.Supervisor.Dashboard.Protocol;

namespace MonitorAspire.Supervisor.Dashboard.Resources;

/// <summary>The supervisor as a resource. It has no commands, because it could not answer after its own stop.</summary>
internal sealed class SupervisorResource(IServer server, TimeProvider time)
{
    /// <summary>Its name, also in telemetry.</summary>
    internal const string Name = "monitor-supervisor";

    internal DateTimeOffset CreatedAt { get; } = time.GetUtcNow();

    /// <summary>The file that this process writes its output to. <see langword="null"/> under a terminal or systemd.</summary>
    internal static string? LogFile { get; } = FindOutput();

    internal Resource Get()
    {
        var resource = new Resource
        {
            Name = ResourceName.Of(Name),
            Uid = Name,
            DisplayName = Name,
            ResourceType = DaemonResource.Type,
            State = ResourceState.Running,
            CreatedAt = CreatedAt.ToTimestamp(),
            StartedAt = CreatedAt.ToTimestamp(),
            IconName = "ShieldCheckmark",
            IconVariant = IconVariant.Filled,
        };

        var list = new PropertyList();
        list.Known("resource.displayName", Name);
        list.Known("resource.state", ResourceState.Running);
        list.Known("resource.startTime", CreatedAt);
        list.Highlighted("executable.pid", "Process ID", Environment.ProcessId);
        list.Add("executable.path", "Executable", Environment.ProcessPath);
        list.Add("monitor.logFile", "Log file", LogFile);
        resource.Properties.AddRange(list.Items);

        foreach (var address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            resource.Urls.Add(new Url
            {
                EndpointName = "http",
                FullUrl = $"{address.TrimEnd('/')}/api/daemons",
                DisplayProperties = new UrlDisplayProperties(),
            });
        }

        return resource;
    }

    private static string? FindOutput()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            return File.ResolveLinkTarget("/proc/self/fd/1", returnFinalTarget: false) is FileInfo { Exists: true } file
                && file.FullName.EndsWith(".log", StringComparison.Ordinal) ? file.FullName : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
