using Microsoft.Extensions.Configuration;
using MonitorAspire.Supervision.Daemons;

var builder = DistributedApplication.CreateBuilder(args);

// A server can be written in any language. It needs a port and a health path, and knows nothing of Aspire or of the supervisor.
builder.AddExecutable("python-server", "python3", "servers", "server.py")
    .WithHttpEndpoint(port: builder.Configuration.GetValue("Ports:Python", 9101), env: "PORT")
    .WithSupervision(options => options.Restart = new RestartPolicy { Mode = RestartMode.Always, MaxDelay = TimeSpan.FromSeconds(10) });

builder.AddExecutable("node-server", "node", "servers", "server.js")
    .WithHttpEndpoint(port: builder.Configuration.GetValue("Ports:Node", 9102), env: "PORT")
    .WithSupervision(options => options.Restart = new RestartPolicy { Budget = 3, BudgetWindow = TimeSpan.FromMinutes(1) });

// One supervisor looks after both.
builder.AddMonitorSupervisor(port: builder.Configuration.GetValue("Ports:Supervisor", 9100));

builder.Build().Run();
