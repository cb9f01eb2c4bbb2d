using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervision.Daemons;

var builder = DistributedApplication.CreateBuilder(args);

// Servers in any language: what they share is a port and a health path, and neither knows of Aspire or of its supervisor.
builder.AddExecutable("python-server", "python3", "servers", "server.py")
    .WithHttpEndpoint(port: builder.Configuration.GetValue("Ports:Python", 9101), env: "PORT")
    .WithSupervision(options => options.Restart = new RestartPolicy { Mode = RestartMode.Always, MaxDelay = TimeSpan.FromSeconds(10) });

builder.AddExecutable("node-server", "node", "servers", "server.js")
    .WithHttpEndpoint(port: builder.Configuration.GetValue("Ports:Node", 9102), env: "PORT")
    .WithSupervision(options => options.Restart = new RestartPolicy { Budget = 3, BudgetWindow = TimeSpan.FromMinutes(1) });

// One supervisor for all of them.
builder.AddMonitorSupervisor<Projects.MonitorAspire_Supervisor>(port: builder.Configuration.GetValue("AppHost:SupervisorPort", 9100));

builder.Build().Run();
