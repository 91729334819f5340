using System.Security.Claims;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Metering.EventStoreDouble.Hosting;

/// <summary>
/// Basic authentication. Wrong credentials are refused whatever the call; without any a caller is nobody, whom gossip and features still
/// answer and streams do not. Every answer says what it comes from.
/// </summary>
internal sealed class Authentication((string User, string Password)? credentials)
{
    public Task Check(HttpContext http, RequestDelegate next)
    {
        http.Response.Headers.Server = "EventStoreDouble";
        var header = http.Request.Headers.Authorization.ToString();
        var given = header.Length > 0;
        if (credentials is { } expected && given && header != Basic(expected.User, expected.Password)) return Refuse(http.Response);
        if (credentials is null || given) http.User = new(new ClaimsIdentity("Basic"));
        return next(http);
    }

    private static string Basic(string user, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));

    private static Task Refuse(HttpResponse response)
    {
        response.ContentType = "application/grpc";
        response.Headers["grpc-status"] = $"{(int)StatusCode.Unauthenticated}";
        response.Headers["grpc-message"] = "Unauthenticated";
        return response.CompleteAsync();
    }
}
