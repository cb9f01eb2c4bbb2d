using MonitorAspire.Supervisor;

return await SupervisorProgram.RunAsync(args);
