using MonitorAspire.Supervisor.Settings;
using MonitorAspire.Testing;

namespace MonitorAspire.Supervisor.Tests;

public class FolderTests
{
    [Fact]
    public void Folders_CompiledAssembly_UseEachOtherInOneDirection() => new FolderOrder(
        "MonitorAspire.Supervisor",
        ["Settings", "Web", "Security", "Fleet.History", "Fleet", "Launcher", "Events", "Logs", "Rest", "Dashboard", "Hosting"])
        .Verify(typeof(SupervisorSettings).Assembly);
}
