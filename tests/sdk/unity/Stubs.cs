// The part of Unity that docs/which-api.md uses, over the HTTP client of .NET.

using System.IO;
using System.Linq;
using System.Net;

namespace UnityEngine
{
    public static class JsonUtility
    {
        public static string ToJson(object document)
        {
            var members = document.GetType().GetFields()
                .Select(field => $"\"{field.Name}\":\"{field.GetValue(document)}\"");
            return "{" + string.Join(",", members) + "}";
        }
    }
}

namespace UnityEngine.Networking
{
    public class DownloadHandler
    {
        public string text;
    }

    public class UnityWebRequest : System.IDisposable
    {
        public enum Result { Success, ProtocolError }
        public readonly DownloadHandler downloadHandler = new DownloadHandler();
        public Result result;
        public int timeout;
        HttpWebRequest request;
        string body;

        public static UnityWebRequest Post(string url, string body, string contentType)
        {
            var request = WebRequest.CreateHttp(url);
            request.Method = "POST";
            request.ContentType = contentType;
            return new UnityWebRequest { request = request, body = body };
        }

        public void SetRequestHeader(string name, string value)
        {
            request.Headers[name] = value;
        }

        public object SendWebRequest()
        {
            request.Timeout = 1000 * timeout;
            HttpWebResponse response;
            try
            {
                using (var writer = new StreamWriter(request.GetRequestStream()))
                    writer.Write(body);
                response = (HttpWebResponse)request.GetResponse();
            }
            catch (WebException error)
            {
                response = (HttpWebResponse)error.Response;
            }
            result = (int)response.StatusCode < 400 ? Result.Success : Result.ProtocolError;
            using (var reader = new StreamReader(response.GetResponseStream()))
                downloadHandler.text = reader.ReadToEnd();
            return null;
        }

        public void Dispose() { }
    }
}
