// The server of ASP.NET as its template makes it. Addresses and certificate come from the environment.
var app = WebApplication.Create(args);
app.MapGet("/health", () => "Healthy");
app.Run();
