using Microsoft.Extensions.Hosting;

var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { Args = args, DisableDashboard = true });

// With a port the application has the package's built-in daemon as well.
IResourceBuilder<MonitorSupervisorResource> supervisor;
if (builder.Configuration["Daemon"] is { } port)
{
    builder.Configuration["Monitors:Daemons:0:Port"] = port;
    supervisor = builder.AddMonitorDaemons().AddMonitorSupervisor("supervisor");
}
else
{
    supervisor = builder.AddMonitorSupervisor("supervisor");
}

var catalog = builder.AddExecutable("catalog", "python3", ".", "server.py")
    .WithHttpEndpoint(env: "PORT")
    .WithSupervision();
builder.AddExecutable("orders", "python3", ".", "server.py")
    .WithHttpEndpoint(env: "PORT")
    .WithSupervision()
    .WaitFor(catalog);

var app = builder.Build();
await app.StartAsync();
foreach (var name in new[] { "catalog", "orders", "supervisor" })
{
    await app.ResourceNotifications.WaitForResourceHealthyAsync(name);
}

Console.WriteLine($"HEALTHY {supervisor.Resource.HttpEndpoint.Url}");
await app.WaitForShutdownAsync();
