using System.Reflection;
using Aspire.Hosting;
using MonitorAspire.Supervision.Processes;

namespace MonitorAspire.Hosting.Configuration;

/// <summary>Finds the programs that come with the package: the supervisor and the built-in daemon. The build writes their directory into the
/// assembly of the AppHost.</summary>
internal static class ProgramDirectory
{
    /// <summary>The key in the assembly's metadata; build/MonitorAspire.Hosting.targets.</summary>
    internal const string MetadataKey = "monitoraspireprogramdirectory";

    /// <summary>A setting that has precedence over the metadata.</summary>
    internal const string ConfigurationKey = "MonitorAspire:ProgramDirectory";

    /// <exception cref="DistributedApplicationException">The directory is not known, or has no such program.</exception>
    internal static OwnProgram Find(IDistributedApplicationBuilder builder, string name)
    {
        var directory = builder.Configuration[ConfigurationKey] is { Length: > 0 } configured
            ? configured
            : builder.AppHostAssembly?.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == MetadataKey)?.Value;
        if (directory is null)
        {
            throw new DistributedApplicationException(
                $"the program {name} is not found: the build of {builder.AppHostAssembly?.GetName().Name ?? "the AppHost"} did not write its directory. " +
                $"Reference the package MonitorAspire.Hosting in that project, or set {ConfigurationKey}");
        }

        var program = OwnProgram.In(Path.GetFullPath(directory), name);
        return File.Exists(program.Arguments is [var assembly] ? assembly : program.Command)
            ? program
            : throw new DistributedApplicationException($"the program {name} is not in {directory}");
    }
}
