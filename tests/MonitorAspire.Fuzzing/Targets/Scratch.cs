using MonitorAspire.Testing;

namespace MonitorAspire.Fuzzing.Targets;

/// <summary>Directories for parsers that read files. They are removed when the process ends.</summary>
internal static class Scratch
{
    internal static TemporaryDirectory Create()
    {
        var directory = new TemporaryDirectory();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => directory.Dispose();
        return directory;
    }
}
