using Microsoft.Extensions.Configuration;

var builder = DistributedApplication.CreateBuilder(args);

// The standalone engine's options mean the same here.
builder.Configuration.AddCommandLine(args, new Dictionary<string, string>
{
    ["--count"] = "Monitors:Count",
    ["--base-port"] = "Monitors:BasePort",
    ["--state-dir"] = "Monitors:StateDirectory",
    ["--supervisor-port"] = "AppHost:SupervisorPort",
});

var supervisorPort = builder.Configuration.GetValue("AppHost:SupervisorPort", MonitorSupervisorExtensions.DefaultPort);

builder.AddMonitorDaemons<Projects.MonitorAspire_Daemon>()
    .AddMonitorSupervisor<Projects.MonitorAspire_Supervisor>(port: supervisorPort);

builder.Build().Run();
