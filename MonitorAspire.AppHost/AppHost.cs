using Microsoft.Extensions.Configuration;

var builder = DistributedApplication.CreateBuilder(args);
builder.Configuration.AddCommandLine(args, new Dictionary<string, string>
{
    ["--count"] = "Monitors:Count",
    ["--base-port"] = "Monitors:BasePort",
    ["--state-dir"] = "Monitors:StateDirectory",
    ["--supervisor-port"] = "AppHost:SupervisorPort",
});

try
{
    builder.AddMonitorDaemons<Projects.MonitorAspire_Daemon>()
        .AddMonitorSupervisor(port: builder.Configuration.GetValue<int?>("AppHost:SupervisorPort"));
}
catch (Exception e) when (e is DistributedApplicationException or InvalidOperationException)
{
    // A wrong setting is the user's to correct: one line says what is wrong, without a stack trace.
    Console.Error.WriteLine($"MonitorAspire.AppHost: {e.Message.ReplaceLineEndings("; ")}");
    return 2;
}

builder.Build().Run();
return 0;
