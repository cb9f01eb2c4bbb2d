using Microsoft.Extensions.Configuration;
using MonitorAspire.AppHost.CommandLine;

// The standalone engine's options mean the same here; what else there is, is Aspire's.
if (AppHostCommand.Read(args, allowOthers: true, Console.Out, Console.Error, out var exitCode) is not { } settings)
{
    return exitCode;
}

var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { Args = args, DisableDashboard = !settings.Dashboard.Wanted });
builder.Configuration.AddInMemoryCollection(settings.Given);
if (settings.Dashboard.Url is { } url)
{
    builder.Configuration["ASPNETCORE_URLS"] = url.OriginalString;
}

builder.AddMonitorDaemons<Projects.MonitorAspire_Daemon>()
    .AddMonitorSupervisor<Projects.MonitorAspire_Supervisor>(port: settings.SupervisorPort);

builder.Build().Run();
return 0;
