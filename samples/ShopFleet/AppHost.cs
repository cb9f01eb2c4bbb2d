using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervision.Daemons;

var builder = DistributedApplication.CreateBuilder(args);

// The fleet that `monitor up --config samples/shop.json` runs without an AppHost. Arguments have precedence over the file.
builder.Configuration.AddJsonFile(Path.Combine(builder.AppHostDirectory, "..", "shop.json")).AddCommandLine(args);

builder.AddMonitorDaemons(fleet =>
    {
        // In the file they are relative to the directory of the user.
        foreach (var daemon in fleet.Daemons.Where(d => d.WorkingDirectory is not null))
        {
            daemon.WorkingDirectory = builder.AppHostDirectory;
        }

        // The output goes to Aspire here, so the supervisor cannot look for a line in it.
        fleet.Daemons.Single(d => d.Name == "worker").Health = new HealthCheck { Kind = HealthCheckKind.Tcp };
    })
    .AddMonitorSupervisor(port: builder.Configuration.GetValue("Ports:Supervisor", 9200));

builder.Build().Run();
